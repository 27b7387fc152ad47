-- What share of each month's cost is that of sub-agents?
WITH requests AS (
    SELECT
        u.month AS month,
        u.thread AS thread,
        u.cost_usd AS cost_usd,
        CASE WHEN t.parent_thread IS NOT NULL OR lower(t.source) LIKE 'subagent%' THEN 1 ELSE 0 END AS is_subagent
    FROM usage AS u
    JOIN threads AS t ON t.thread = u.thread AND t.machine = u.machine AND t.home = u.home
)
SELECT
    month,
    count(DISTINCT thread) AS threads,
    count(DISTINCT CASE WHEN is_subagent = 1 THEN thread END) AS subagents,
    coalesce(sum(cost_usd), 0) AS dollars,
    coalesce(sum(CASE WHEN is_subagent = 1 THEN cost_usd END), 0) AS subagent_dollars,
    coalesce(sum(CASE WHEN is_subagent = 1 THEN cost_usd END), 0) / nullif(sum(cost_usd), 0) AS subagent_share
FROM requests
GROUP BY month
ORDER BY month DESC;
