using Retrieval.Search.Queries;

namespace Retrieval.Search.Evaluation;

/// <summary>Puts the results of both directions together as the rows of a report.</summary>
internal sealed class EvaluationRows(EvaluationPlan plan, IReadOnlyList<RankBy> orders, DirectionResult image, DirectionResult text)
{
    public IEnumerable<EvaluationRow> Rows()
    {
        yield return new EvaluationRow("coarse", null, false, null, new DirectionMeasures(image.Coarse), new DirectionMeasures(text.Coarse));
        for (var size = 0; size < plan.Shortlists.Count; size++)
        {
            foreach (var pgvector in image.Pgvector is null ? [false] : new[] { false, true })
            {
                for (var order = 0; order < orders.Count; order++)
                {
                    yield return new EvaluationRow(
                        "reranked", plan.Shortlists[size], pgvector, orders[order], image.Reranked(size, order, pgvector), text.Reranked(size, order, pgvector));
                }
            }
        }

        for (var order = 0; order < orders.Count && plan.Full; order++)
        {
            yield return new EvaluationRow("full", null, false, orders[order], new DirectionMeasures(image.Full![order]), new DirectionMeasures(text.Full![order]));
        }
    }

    public IReadOnlyList<PgvectorRow>? Pgvector() => image.PgvectorMeasures is not { } ofImages || text.PgvectorMeasures is not { } ofText
        ? null
        : [.. plan.Shortlists.Select((size, i) => new PgvectorRow(size, ofImages[i], ofText[i]))];
}
