using System.Globalization;
using System.Numerics.Tensors;
using Retrieval.Domain.Bundles;
using Retrieval.Domain.Errors;
using Retrieval.Domain.Numbers;
using Retrieval.Features.Npy;
using Retrieval.Inference.Bundles;
using Retrieval.Inference.Explaining;
using Retrieval.Inference.Records;

namespace Retrieval.Inference.Verification;

/// <summary>Compares what the explainer gives of all recorded pairs, its score and every output, with what PyTorch gave at export.</summary>
internal static class ExplainerCheck
{
    // The sum of some dozens of float32 values; a sum that is no distribution is off by far more.
    private const float MostOffOne = 1e-3f;

    /// <exception cref="InvalidBundleException">
    /// An output was not recorded, or in another shape; a value differs by more than the bundle allows, or is no distribution where the
    /// bundle says so.
    /// </exception>
    public static ExplainerParity Run(VerifiedBundle bundle, PairExplainer explainer, ParityVectors recorded, RecordTable images, RecordTable captions)
    {
        var spec = bundle.Manifest.Graphs.Explainer!;
        var expected = ReadOutputs(bundle, spec, images.Count, captions.Count, recorded.Positions);
        var largest = expected.ConvertAll(values => Math.Max(1, Math.Abs(TensorPrimitives.MaxMagnitude<float>(values))));
        var scores = 0.0;
        var outputs = new double[expected.Count];
        for (var image = 0; image < images.Count; image++)
        {
            var explained = OfImage(explainer, images, captions, image);
            for (var caption = 0; caption < explained.Length; caption++)
            {
                var pair = (image * explained.Length) + caption;
                scores = Math.Max(scores, Differences.Largest([recorded.Scores[pair]], [bundle.Manifest.Transform.ScoreOf(explained[caption].Transformed)]));
                for (var i = 0; i < outputs.Length; i++)
                {
                    var found = explained[caption].Outputs[i];
                    RequireDistribution(bundle, spec, found, image, caption);
                    var padded = found.Spec.Shape(recorded.Positions, bundle.Manifest.RegionCount);
                    var size = TensorCut.Elements(padded);
                    var of = TensorCut.Of(expected[i].AsSpan(pair * size, size), padded, found.Shape);
                    outputs[i] = Math.Max(outputs[i], Differences.Largest(of, found.Values) / largest[i]);
                }
            }
        }

        var parity = new ExplainerParity(spec.Tolerance, scores, outputs.Max());
        return scores <= bundle.Manifest.Parity.Tolerance && parity.Outputs <= spec.Tolerance
            ? parity
            : throw new InvalidBundleException(bundle.Path, string.Create(
                CultureInfo.InvariantCulture,
                $"{spec.File} computes something else on this machine than was recorded at export: scores differ by {scores:G3}, allowed is {bundle.Manifest.Parity.Tolerance:G3}; '{spec.Outputs[Array.IndexOf(outputs, parity.Outputs)].Name}' differs by {parity.Outputs:G3}, allowed is {spec.Tolerance:G3}"));
    }

    private static Explanation[] OfImage(PairExplainer explainer, RecordTable images, RecordTable captions, int image)
    {
        var all = new long[captions.Count];
        for (var caption = 0; caption < all.Length; caption++)
        {
            all[caption] = caption;
        }

        return explainer.Explain(images, captions, [.. Enumerable.Repeat((long)image, all.Length)], all);
    }

    private static void RequireDistribution(VerifiedBundle bundle, ExplainerSpec spec, ExplainedOutput output, int image, int caption)
    {
        if (output.Spec.Distribution is not { } axis)
        {
            return;
        }

        var inner = TensorCut.Elements(output.Shape.AsSpan(axis + 1));
        var size = output.Shape[axis];
        var sums = new float[output.Values.Length / size];
        for (var i = 0; i < output.Values.Length; i++)
        {
            var value = output.Values[i];
            sums[(i / (inner * size) * inner) + (i % inner)] += value;
            if (!(value >= 0))
            {
                throw Refusal($"has the value {value}");
            }
        }

        if (Array.FindIndex(sums, sum => !(Math.Abs(sum - 1) <= MostOffOne)) is >= 0 and var off)
        {
            throw Refusal($"sums to {sums[off]}");
        }

        InvalidBundleException Refusal(FormattableString what) => new(bundle.Path, string.Create(
            CultureInfo.InvariantCulture,
            $"{spec.File}: '{output.Spec.Name}' {what.ToString(CultureInfo.InvariantCulture)} for image {image} and caption {caption} of {bundle.Manifest.Parity.File}; along axis {axis}, its distribution, values are at least 0 and sum to 1"));
    }

    private static List<float[]> ReadOutputs(VerifiedBundle bundle, ExplainerSpec spec, long images, long captions, int words)
    {
        var file = bundle.Manifest.Parity.File;
        try
        {
            using var stream = new MemoryStream(bundle.Content(file), writable: false);
            using var arrays = NpzFile.Open(stream, file);
            return [.. spec.Outputs.Select(Read)];

            float[] Read(ExplainerOutput output)
            {
                var values = arrays.Read(output.GraphName)
                    .RequireShape([images, captions, .. output.Shape(words, bundle.Manifest.RegionCount).Select(size => (long)size)])
                    .ToSingles();
                return Finite.All(values) ? values : throw new InvalidInputException("holds a value that is not finite", file, field: output.GraphName);
            }
        }
        catch (InvalidInputException exception)
        {
            throw new InvalidBundleException(bundle.Path, exception.Message, exception);
        }
    }
}
