-- Which tools are slowest?
--
-- Commands count as one tool, `shell`. The 95th percentile is the time that at most one call of twenty takes longer than.
WITH calls AS (
    SELECT
        coalesce(server, '') AS of_server,
        CASE WHEN kind = 'commandExecution' THEN 'shell' ELSE coalesce(tool, kind) END AS tool_name,
        duration_ms,
        CASE WHEN status = 'failed' THEN 1 ELSE 0 END AS is_failure
    FROM items
    WHERE duration_ms IS NOT NULL
),
ordered AS (
    SELECT
        of_server,
        tool_name,
        duration_ms,
        is_failure,
        row_number() OVER (PARTITION BY of_server, tool_name ORDER BY duration_ms) AS call_rank,
        count(*) OVER (PARTITION BY of_server, tool_name) AS ranks
    FROM calls
)
SELECT
    of_server,
    tool_name,
    count(*) AS calls,
    sum(is_failure) AS failures,
    min(CASE WHEN call_rank * 2 >= ranks THEN duration_ms END) AS median_ms,
    min(CASE WHEN call_rank * 100 >= ranks * 95 THEN duration_ms END) AS percentile_95_ms,
    max(duration_ms) AS longest_ms,
    sum(duration_ms) AS total_ms
FROM ordered
GROUP BY of_server, tool_name
ORDER BY percentile_95_ms DESC, total_ms DESC, of_server, tool_name
LIMIT 50;
