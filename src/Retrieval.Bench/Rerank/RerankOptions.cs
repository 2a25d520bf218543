using System.Text.Json.Serialization;
using Retrieval.Inference;

namespace Retrieval.Bench.Rerank;

/// <summary>What <see cref="RerankBench"/> measures.</summary>
internal sealed record RerankOptions
{
    /// <summary>Folder of the bundle.</summary>
    public required string Bundle { get; init; }

    /// <summary>Folders of the bundles it is compared with, in the same run.</summary>
    public IReadOnlyList<string> Against { get; init; } = [];

    /// <summary>Pairs of one shortlist.</summary>
    public required int Pairs { get; init; }

    /// <summary>Words per caption, without the start and end tokens.</summary>
    public required int Words { get; init; }

    /// <summary>
    /// Images in the one bank, and captions in the other. Above <see cref="RerankBench.Distinct"/> their records repeat, each in
    /// separate memory.
    /// </summary>
    public required int Images { get; init; }

    /// <summary>Number of repetitions of each measurement, after one that is discarded.</summary>
    public required int Repetitions { get; init; }

    /// <summary>Batch sizes of the graph in pairs, each of which is measured. 0 for the default of the bundle's scorer.</summary>
    public required IReadOnlyList<int> PairsPerCall { get; init; }

    /// <summary>Threads for one graph; 0 uses all cores.</summary>
    public required int Threads { get; init; }

    /// <summary>Where the graphs run.</summary>
    [JsonConverter(typeof(JsonStringEnumConverter<ProviderChoice>))]
    public ProviderChoice Provider { get; init; }

    /// <summary>Path of ONNX Runtime's CUDA provider; empty for the one in the program's folder.</summary>
    public string ProviderLibrary { get; init; } = "";

    /// <summary>Work per pair in the first bundle, to express its rate as a share of the machine's; null if not known.</summary>
    public double? MflopPerPair { get; init; }
}
