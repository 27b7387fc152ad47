-- What did each repository cost in each month?
--
-- A thread without a repository counts for its directory. Requests to models without a known price cost nothing here and are counted
-- apart. The month is a partition: a condition such as `WHERE u.month >= '2026-07'` leaves the files of other months unread.
SELECT
    u.month AS month,
    coalesce(t.repository, t.project, 'unknown') AS repository,
    count(DISTINCT u.thread) AS threads,
    count(*) AS requests,
    sum(u.cost_usd) AS dollars,
    sum(CASE WHEN u.cost_usd IS NULL THEN 1 ELSE 0 END) AS requests_without_price
FROM usage AS u
JOIN threads AS t ON t.thread = u.thread AND t.machine = u.machine AND t.home = u.home
GROUP BY u.month, coalesce(t.repository, t.project, 'unknown')
ORDER BY month DESC, dollars DESC NULLS LAST, repository;
