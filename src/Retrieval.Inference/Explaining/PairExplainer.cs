using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using Retrieval.Domain.Bundles;
using Retrieval.Inference.Bundles;
using Retrieval.Inference.Devices;
using Retrieval.Inference.Records;
using Retrieval.Inference.Scoring;
using Retrieval.Inference.Sessions;

namespace Retrieval.Inference.Explaining;

/// <summary>
/// The explainer's graph. It takes the same tensors as the text-to-image scorer and gives the same score, and with it what the
/// score was computed from, under the names in the bundle.
/// </summary>
public sealed class PairExplainer : IDisposable
{
    private const int AnySize = -1;

    private readonly GraphSession _session;
    private readonly ExplainerSpec _spec;
    private readonly int _regions;
    private readonly string[] _outputs;

    internal PairExplainer(VerifiedBundle bundle, ExplainerSpec spec, ComputeDevice device, InferenceOptions options)
    {
        var manifest = bundle.Manifest;
        _spec = spec;
        _regions = manifest.RegionCount;
        _outputs = [ScorerInputs.OutputOf(manifest.Transform), .. spec.Outputs.Select(output => output.GraphName)];
        var contract = ScorerInputs.Contract(manifest);
        foreach (var output in spec.Outputs)
        {
            contract.Out(output.GraphName, TensorElementType.Float, [AnySize, .. output.Axes.Select(DeclaredSize)]);
        }

        _session = GraphSession.Create(bundle, spec.File, contract, device, options);
    }

    /// <summary>The graph's file name, for errors.</summary>
    public string Name => _session.Name;

    /// <summary>Explains one pair. Values need not be finite: damaged records give NaN.</summary>
    /// <param name="image">The image's record, a table of one.</param>
    /// <param name="caption">The caption's record, a table of one.</param>
    /// <param name="cancellationToken">Stops the run on the device.</param>
    /// <exception cref="InferenceException">The runtime failed, or the graph gave another shape than the bundle says.</exception>
    public Explanation Explain(RecordTable image, RecordTable caption, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(image);
        ArgumentNullException.ThrowIfNull(caption);
        if (image.Count != 1 || caption.Count != 1)
        {
            throw new ArgumentException($"{image.Count} images and {caption.Count} captions; expected one of each");
        }

        return Explain(image, caption, [0], [0], cancellationToken)[0];
    }

    /// <summary>Explains pairs in one batch.</summary>
    /// <param name="images">Records of images, addressed by <paramref name="slots"/>.</param>
    /// <param name="captions">Records of captions, addressed by <paramref name="queryIndex"/>.</param>
    /// <param name="slots">The image of each pair, <c>[P]</c>.</param>
    /// <param name="queryIndex">The caption of each pair, <c>[P]</c>.</param>
    /// <param name="cancellationToken">Stops the run on the device.</param>
    internal Explanation[] Explain(RecordTable images, RecordTable captions, long[] slots, long[] queryIndex, CancellationToken cancellationToken = default)
    {
        if (images.Side != RecordSide.Image || captions.Side != RecordSide.Caption)
        {
            throw new ArgumentException($"records of the sides {images.Side} and {captions.Side}; expected an image's and a caption's");
        }

        using var slotTensor = OrtValue.CreateTensorValueFromMemory(slots, [slots.Length]);
        using var queryTensor = OrtValue.CreateTensorValueFromMemory(queryIndex, [queryIndex.Length]);
        var inputs = new Dictionary<string, OrtValue>(StringComparer.Ordinal) { [ScorerInputs.Slots] = slotTensor, [ScorerInputs.QueryIndex] = queryTensor };
        foreach (var (name, tensor) in images.Tensors.Concat(captions.Tensors))
        {
            inputs[name] = tensor;
        }

        var lengths = captions.Lengths;
        var longest = 0;
        foreach (var length in lengths)
        {
            longest = Math.Max(longest, checked((int)length));
        }

        using var values = _session.Run(inputs, _outputs, cancellationToken);
        Require(values[0], _outputs[0], [slots.Length]);
        var transformed = values[0].GetTensorDataAsSpan<float>();
        var explanations = new Explanation[slots.Length];
        for (var pair = 0; pair < slots.Length; pair++)
        {
            var words = lengths.IsEmpty ? 0 : (int)lengths[(int)queryIndex[pair]];
            explanations[pair] = new Explanation(transformed[pair], words, Outputs(values, pair, slots.Length, words, longest));
        }

        return explanations;
    }

    internal void ProvePlacement() => _session.ProvePlacement();

    /// <inheritdoc/>
    public void Dispose() => _session.Dispose();

    private ExplainedOutput[] Outputs(IDisposableReadOnlyCollection<OrtValue> values, int pair, int pairs, int words, int longest)
    {
        var outputs = new ExplainedOutput[_spec.Outputs.Count];
        for (var i = 0; i < outputs.Length; i++)
        {
            var spec = _spec.Outputs[i];
            var padded = spec.Shape(longest, _regions);
            Require(values[i + 1], spec.GraphName, [pairs, .. padded.Select(size => (long)size)]);
            var row = values[i + 1].GetTensorDataAsSpan<float>().Slice(pair * TensorCut.Elements(padded), TensorCut.Elements(padded));
            var shape = spec.Shape(words, _regions);
            outputs[i] = new ExplainedOutput(spec, shape, TensorCut.Of(row, padded, shape));
        }

        return outputs;
    }

    // A graph may give dimensions that it declares as variable any size, and the values are read by position.
    private void Require(OrtValue output, string name, long[] expected)
    {
        var found = output.GetTensorTypeAndShape().Shape;
        if (!found.AsSpan().SequenceEqual(expected))
        {
            throw new InferenceException(_session.Name, $"the output {name} has the shape [{string.Join(", ", found)}]; expected [{string.Join(", ", expected)}]");
        }
    }

    private long DeclaredSize(ExplainerAxis axis) =>
        axis.Kind is ExplainerAxisKind.Words or ExplainerAxisKind.Nodes ? AnySize : axis.SizeFor(0, _regions);
}
