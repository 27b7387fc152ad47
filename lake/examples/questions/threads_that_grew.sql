-- Which threads grew beyond 50 turns, or had their context compacted?
WITH compacted AS (
    SELECT thread, machine, home, count(*) AS compactions
    FROM items
    WHERE kind = 'contextCompaction'
    GROUP BY thread, machine, home
),
requests AS (
    SELECT thread, machine, home, max(input + cached_input) AS largest_context, sum(cost_usd) AS dollars
    FROM usage
    GROUP BY thread, machine, home
)
SELECT
    t.thread AS thread,
    t.machine AS machine,
    coalesce(t.repository, t.project, 'unknown') AS repository,
    t.turns AS thread_turns,
    coalesce(c.compactions, 0) AS times_compacted,
    coalesce(r.largest_context, 0) AS largest_context_tokens,
    r.dollars AS cost_dollars
FROM threads AS t
LEFT JOIN compacted AS c ON c.thread = t.thread AND c.machine = t.machine AND c.home = t.home
LEFT JOIN requests AS r ON r.thread = t.thread AND r.machine = t.machine AND r.home = t.home
WHERE t.turns > 50 OR coalesce(c.compactions, 0) > 0
ORDER BY times_compacted DESC, thread_turns DESC, thread, machine
LIMIT 100;
