namespace Retrieval.Search.Recall;

/// <summary>What a shortlist is compared with: names in metrics.</summary>
public static class RecallReferences
{
    /// <summary>All items of the index.</summary>
    public const string All = "all";

    /// <summary>The exact shortlist of many times the size, where the index is too large to score all of it.</summary>
    public const string Longer = "longer";
}
