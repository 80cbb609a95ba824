-- What the shared SQL calls and PostgreSQL has under another name. In the index's own schema, so that two versions of the
-- program never share them.
CREATE FUNCTION julianday(moment text) RETURNS double precision IMMUTABLE STRICT PARALLEL SAFE LANGUAGE sql
AS $$ SELECT extract(epoch FROM moment::timestamptz)::double precision / 86400 + 2440587.5 $$;
-- A local day: date(moment, '+8 hours').
CREATE FUNCTION date(moment text, shift text) RETURNS text IMMUTABLE STRICT PARALLEL SAFE LANGUAGE sql
AS $$ SELECT to_char((moment::timestamptz AT TIME ZONE 'UTC') + shift::interval, 'YYYY-MM-DD') $$;
CREATE FUNCTION instr(within text, part text) RETURNS bigint IMMUTABLE STRICT PARALLEL SAFE LANGUAGE sql
AS $$ SELECT strpos(within, part)::bigint $$;
CREATE FUNCTION max(one bigint, other bigint) RETURNS bigint IMMUTABLE PARALLEL SAFE LANGUAGE sql
AS $$ SELECT CASE WHEN one IS NULL OR other IS NULL THEN NULL ELSE greatest(one, other) END $$;
CREATE FUNCTION json_each(list text) RETURNS TABLE (value text) IMMUTABLE STRICT PARALLEL SAFE ROWS 100 LANGUAGE sql
AS $$ SELECT json_array_elements_text(list::json) $$;
CREATE FUNCTION joined_to(before text, part text, by text) RETURNS text IMMUTABLE PARALLEL SAFE LANGUAGE sql
AS $$ SELECT CASE WHEN part IS NULL THEN before WHEN before IS NULL THEN part ELSE before || by || part END $$;
CREATE AGGREGATE group_concat(text, text) (SFUNC = joined_to, STYPE = text);
