using System.Text.Json.Serialization;
using Retrieval.Inference;

namespace Retrieval.Bench.Ingestion;

/// <summary>What <see cref="IngestBench"/> measures.</summary>
internal sealed record IngestOptions
{
    /// <summary>Folder of the bundle.</summary>
    public required string Bundle { get; init; }

    /// <summary>Sizes of the corpora.</summary>
    public required IReadOnlyList<int> Images { get; init; }

    /// <summary>Captions per image; 0 for none.</summary>
    public required int CaptionsPerImage { get; init; }

    /// <summary>Words per caption.</summary>
    public required int Words { get; init; }

    /// <summary>Rows encoded together.</summary>
    public required int Batch { get; init; }

    /// <summary>Rows between commits.</summary>
    public required int CommitRows { get; init; }

    /// <summary>Connection to a catalog to ingest into; null for a local index.</summary>
    [JsonIgnore]
    public string? Postgres { get; init; }

    /// <summary>Threads for one graph; 0 uses all cores.</summary>
    public required int Threads { get; init; }

    /// <summary>Where the graphs run.</summary>
    [JsonConverter(typeof(JsonStringEnumConverter<ProviderChoice>))]
    public ProviderChoice Provider { get; init; }

    /// <summary>Path of ONNX Runtime's CUDA provider; empty for the one in the program's folder.</summary>
    public string ProviderLibrary { get; init; } = "";

    /// <summary>Folder for an index of random records, which is kept; null to measure ingestion.</summary>
    public string? Keep { get; init; }

    /// <summary>The model's options with these values.</summary>
    [JsonIgnore]
    public InferenceOptions Inference => new() { Threads = Threads, Provider = Provider, ProviderLibrary = ProviderLibrary };
}
