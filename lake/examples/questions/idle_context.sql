-- Which threads send much context for little that comes out?
--
-- Context is what goes in with each request again and again, cached or not. Threads with less than 100,000 tokens of it are left out.
WITH sums AS (
    SELECT
        thread,
        machine,
        home,
        count(*) AS requests,
        sum(input) AS uncached,
        sum(cached_input) AS cached,
        sum(output) AS produced,
        sum(cost_usd) AS dollars
    FROM usage
    GROUP BY thread, machine, home
)
SELECT
    s.thread AS thread,
    s.machine AS machine,
    coalesce(t.repository, t.project, 'unknown') AS repository,
    s.requests AS requests,
    s.uncached AS uncached_tokens,
    s.cached AS cached_tokens,
    s.produced AS output_tokens,
    1e0 * (s.uncached + s.cached) / nullif(s.produced, 0) AS context_per_output,
    1e0 * s.cached / (s.uncached + s.cached) AS cached_share,
    s.dollars AS dollars
FROM sums AS s
JOIN threads AS t ON t.thread = s.thread AND t.machine = s.machine AND t.home = s.home
WHERE s.uncached + s.cached >= 100000
ORDER BY context_per_output DESC NULLS LAST, thread, machine
LIMIT 50;
