using System.Text.Json.Serialization;

namespace Retrieval.Bench.Catalogs;

/// <summary>What <see cref="CatalogBench"/> measures.</summary>
internal sealed record CatalogBenchOptions
{
    /// <summary>Images whose records are stored and fetched; 0 skips this.</summary>
    public required int Images { get; init; }

    /// <summary>Regions of an image's record.</summary>
    public required int Regions { get; init; }

    /// <summary>D, the width of the row of a region or a word.</summary>
    public required int RecordWidth { get; init; }

    /// <summary>Captions of each image, 14 words each.</summary>
    public required int CaptionsPerImage { get; init; }

    /// <summary>Images per transaction.</summary>
    public required int Batch { get; init; }

    /// <summary>Connections that fetch in parallel.</summary>
    public required int Streams { get; init; }

    /// <summary>Single images stored to measure the delay until a replica sees them; 0 skips this.</summary>
    public required int LagSamples { get; init; }

    /// <summary>Milliseconds between a replica's polls.</summary>
    public required int FollowMs { get; init; }

    /// <summary>Embeddings for the shortlist; 0 skips this.</summary>
    public required int Vectors { get; init; }

    /// <summary>E, their width.</summary>
    public required int VectorWidth { get; init; }

    /// <summary>K.</summary>
    public required int Shortlist { get; init; }

    /// <summary>Number of queries.</summary>
    public required int Queries { get; init; }

    /// <summary>
    /// Additional numbers of candidates that the nearest-neighbour index examines per wanted candidate; empty skips this.
    /// </summary>
    [JsonIgnore]
    public IReadOnlyList<double> EfFactors { get; init; } = [];
}
