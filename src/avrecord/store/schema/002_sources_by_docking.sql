-- The status page counts what each of the last twenty dockings brought. Without this it read every source twenty times:
-- 175 ms at 10,000 clips, 0.4 ms with it.
CREATE INDEX sources_by_docking ON sources (docking);
