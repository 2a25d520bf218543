namespace Retrieval.Server.Metrics;

/// <summary>What a family of series is to Prometheus.</summary>
internal enum FamilyKind
{
    /// <summary>Only grows.</summary>
    Counter,

    /// <summary>Goes up and down.</summary>
    Gauge,

    /// <summary>Counts in buckets, with a sum.</summary>
    Histogram,
}
