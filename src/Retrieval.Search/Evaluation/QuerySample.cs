namespace Retrieval.Search.Evaluation;

/// <summary>A deterministic sample of the queries.</summary>
internal static class QuerySample
{
    private const double GoldenRatio = 0.618033988749894848;

    /// <summary>
    /// One query of each of <paramref name="count"/> equal parts, in their order; all if there are no more than that. The place
    /// within the part is not the same for all parts: with a fixed distance the sample of captions, of which each image has
    /// several, could consist of first captions only. Multiples of the golden ratio spread the places evenly.
    /// </summary>
    public static int[] Of(int[] queries, int? count)
    {
        if (count is not { } parts || parts >= queries.Length)
        {
            return queries;
        }

        var sample = new int[parts];
        for (var part = 0; part < parts; part++)
        {
            var first = (int)((long)part * queries.Length / parts);
            var end = (int)((part + 1L) * queries.Length / parts);
            var place = (part + 1) * GoldenRatio % 1;
            sample[part] = queries[first + (int)(place * (end - first))];
        }

        return sample;
    }
}
