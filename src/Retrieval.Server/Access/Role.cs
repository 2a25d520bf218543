namespace Retrieval.Server.Access;

/// <summary>What a caller may do. Each includes what <see cref="Roles.Granted"/> says.</summary>
public enum Role
{
    /// <summary>Search, score, explain, read images and the model.</summary>
    Query,

    /// <summary>Also store and delete images, run ingestions, list indexes, read metrics.</summary>
    Ingest,

    /// <summary>Also switch the active index.</summary>
    Admin,

    /// <summary>Read metrics, nothing else.</summary>
    Metrics,
}
