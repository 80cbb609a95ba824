-- Which station's clips a bag holds, where the bureau made it; empty: this station's own.
ALTER TABLE archives ADD COLUMN copy_of TEXT NOT NULL DEFAULT '';
