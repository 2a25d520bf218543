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

    /// <summary>Words of a caption, the start and the end token not counted.</summary>
    public required int Words { get; init; }

    /// <summary>Images in the bank, and captions in the other bank. Beyond <see cref="RerankBench.Distinct"/> their records repeat, each in memory of its own.</summary>
    public required int Images { get; init; }

    /// <summary>Measurements of each thing, after one that is thrown away.</summary>
    public required int Repetitions { get; init; }

    /// <summary>Pairs of one call of the graph: each is measured. 0 for as many as the bundle's scorer takes by itself.</summary>
    public required IReadOnlyList<int> PairsPerCall { get; init; }

    /// <summary>Threads for one graph; 0 takes all cores.</summary>
    public required int Threads { get; init; }

    /// <summary>Where the graphs run.</summary>
    [JsonConverter(typeof(JsonStringEnumConverter<ProviderChoice>))]
    public ProviderChoice Provider { get; init; }

    /// <summary>Path of ONNX Runtime's CUDA provider; empty for the one beside the program.</summary>
    public string ProviderLibrary { get; init; } = "";

    /// <summary>Work of one pair in the first bundle, to give its rate as a share of the machine's; null if not known.</summary>
    public double? MflopPerPair { get; init; }
}
