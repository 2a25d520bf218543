namespace Retrieval.Cli.Commands;

/// <summary>What <c>retrieval evaluate --bundle</c> is run on.</summary>
internal enum EvaluationCorpus
{
    /// <summary>A split, encoded for the evaluation.</summary>
    Source,

    /// <summary>A local index, as it is stored.</summary>
    Index,

    /// <summary>An index of a catalog, through a local copy and pgvector.</summary>
    Catalog,
}
