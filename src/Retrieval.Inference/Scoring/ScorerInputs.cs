using Microsoft.ML.OnnxRuntime.Tensors;
using Retrieval.Domain.Bundles;
using Retrieval.Inference.Records;
using Retrieval.Inference.Sessions;

namespace Retrieval.Inference.Scoring;

/// <summary>The inputs of a scorer's graph: those of the contract that it declares. Its one output is t(score).</summary>
internal sealed class ScorerInputs
{
    public const string Slots = "slots";
    public const string QueryIndex = "query_index";

    private const string Score = "score";
    private const string Logit = "logit";

    public ScorerInputs(IReadOnlyList<string> declared, RecordSide bankSide)
    {
        Bank = Of(declared, bankSide);
        Queries = Of(declared, bankSide == RecordSide.Image ? RecordSide.Caption : RecordSide.Image);
        TakesSlots = declared.Contains(Slots);
        TakesQueryIndex = declared.Contains(QueryIndex);
    }

    public IReadOnlyList<string> Bank { get; }

    public IReadOnlyList<string> Queries { get; }

    public bool TakesSlots { get; }

    public bool TakesQueryIndex { get; }

    public static GraphContract Contract(BundleManifest manifest)
    {
        var contract = new GraphContract()
            .In(Slots, TensorElementType.Int64, -1)
            .In(QueryIndex, TensorElementType.Int64, -1)
            .Out(OutputOf(manifest.Transform), TensorElementType.Float, -1);
        RecordTable.Declare(contract, RecordSide.Image, manifest.ImageFields);
        RecordTable.Declare(contract, RecordSide.Caption, manifest.CaptionFields);
        return contract;
    }

    /// <summary>Name of the output of a bundle's scorers.</summary>
    public static string OutputOf(ScoreTransform transform) => transform switch
    {
        ScoreTransform.Identity => Score,
        ScoreTransform.Logit => Logit,
        _ => throw new ArgumentOutOfRangeException(nameof(transform), transform, "unknown transform"),
    };

    private static string[] Of(IReadOnlyList<string> declared, RecordSide side) =>
        [.. declared.Where(name => name.StartsWith(RecordTable.Prefix(side), StringComparison.Ordinal))];
}
