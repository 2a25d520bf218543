using System.Text.Json.Serialization;

namespace Retrieval.Bench.Catalogs;

/// <summary>What <see cref="CatalogBench"/> measures.</summary>
internal sealed record CatalogBenchOptions
{
    /// <summary>Images whose records are stored and fetched; 0 leaves that out.</summary>
    public required int Images { get; init; }

    /// <summary>Regions of an image's record.</summary>
    public required int Regions { get; init; }

    /// <summary>D, the width of a region's and of a word's row.</summary>
    public required int RecordWidth { get; init; }

    /// <summary>Captions of each image, 14 words each.</summary>
    public required int CaptionsPerImage { get; init; }

    /// <summary>Images of a transaction.</summary>
    public required int Batch { get; init; }

    /// <summary>Connections that fetch side by side.</summary>
    public required int Streams { get; init; }

    /// <summary>Single images stored to measure how late a replica sees them; 0 leaves that out.</summary>
    public required int LagSamples { get; init; }

    /// <summary>Milliseconds between a replica's looks.</summary>
    public required int FollowMs { get; init; }

    /// <summary>Embeddings for the shortlist; 0 leaves that out.</summary>
    public required int Vectors { get; init; }

    /// <summary>E, their width.</summary>
    public required int VectorWidth { get; init; }

    /// <summary>K.</summary>
    public required int Shortlist { get; init; }

    /// <summary>Queries asked.</summary>
    public required int Queries { get; init; }

    /// <summary>Further numbers of candidates that the nearest-neighbour index looks at for each one that is wanted; none to leave that out.</summary>
    [JsonIgnore]
    public IReadOnlyList<double> EfFactors { get; init; } = [];
}
