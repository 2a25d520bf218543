using System.Text.Json.Nodes;

namespace Retrieval.Inference.Tests.Explaining;

/// <summary>An explainer that does not keep the contract, or computes something else than was recorded, is refused at load.</summary>
[Trait("Promise", "10")]
public sealed class ExplainerRefusalTests
{
    [Fact]
    public void An_edited_graph_is_refused()
    {
        using var bundle = new BundleCopy(Bundles.Explained);
        bundle.Edit("explainer.onnx", bytes =>
        {
            bytes[^9] ^= 1;
            return bytes;
        });
        bundle.Refused("explainer.onnx is not the file that was exported");
    }

    [Fact]
    public void A_graph_of_another_kind_is_refused_with_each_fault()
    {
        using var bundle = new BundleCopy(Bundles.Explained);
        bundle.Manifest(manifest => manifest["graphs"]!["explainer"]!["file"] = "text_encoder.onnx");
        bundle.Refused("text_encoder.onnx does not keep the contract", "input token_ids is not one of", "output logit is missing", "output explain.word_attention is missing");
    }

    [Fact]
    public void Axes_that_the_graph_does_not_have_are_refused()
    {
        using var bundle = new BundleCopy(Bundles.Explained);
        Edit(bundle, "word_attention", output =>
        {
            output["axes"] = JsonNode.Parse("[\"words\"]");
            output.AsObject().Remove("distribution");
        });
        bundle.Refused("explainer.onnx does not keep the contract", "output explain.word_attention has the shape");
    }

    [Fact]
    public void A_length_that_the_graph_gives_otherwise_than_the_manifest_says_is_refused()
    {
        using var bundle = new BundleCopy(Bundles.Explained);
        bundle.EditWithHash("parity.npz", npz => NpzBytes.WithSingles(npz, "explain.word_gate", _ => new float[Elements(npz, 1)], Shape(npz, 1)));
        Edit(bundle, "word_gate", output => output["axes"] = JsonNode.Parse("[\"nodes\"]"));
        bundle.Refused("the output explain.word_gate has the shape", "expected");
    }

    [Theory]
    [InlineData("explain.word_attention")]
    [InlineData("explain.region_gate")]
    public void A_recorded_output_that_is_missing_or_of_another_shape_is_refused(string array)
    {
        using var bundle = new BundleCopy(Bundles.Explained);
        var original = File.ReadAllBytes(bundle["parity.npz"]);
        bundle.EditWithHash("parity.npz", npz => NpzBytes.Without(npz, array));
        bundle.Refused("parity.npz", array);
        bundle.EditWithHash("parity.npz", _ => NpzBytes.WithSingles(original, array, _ => new float[2], [2]));
        bundle.Refused("parity.npz", array, "expected");
    }

    [Theory]
    [InlineData(0.01f)]
    [InlineData(-0.01f)]
    public void A_recorded_value_that_this_machine_does_not_compute_is_refused_by_its_output(float change)
    {
        using var bundle = new BundleCopy(Bundles.Explained);
        bundle.EditWithHash("parity.npz", npz => NpzBytes.WithSingles(npz, "explain.word_gate", values =>
        {
            values[1] += change;
            return values;
        }));
        bundle.Refused("explainer.onnx computes something else on this machine", "'word_gate' differs by 0.01", "allowed is 0.0001");
    }

    [Fact]
    public void A_recorded_value_that_is_not_finite_is_refused()
    {
        using var bundle = new BundleCopy(Bundles.Explained);
        bundle.EditWithHash("parity.npz", npz => NpzBytes.WithSingles(npz, "explain.word_gate", values =>
        {
            values[1] = float.PositiveInfinity;
            return values;
        }));
        bundle.Refused("parity.npz", "explain.word_gate", "not finite");
    }

    [Fact]
    public void What_lies_behind_a_captions_length_is_not_compared()
    {
        using var bundle = new BundleCopy(Bundles.Explained);
        using var arrays = Features.Npy.NpzFile.Open(bundle["parity.npz"]);
        var lengths = arrays.Read("lengths").ToInt64s();
        var behind = (int)((Array.IndexOf(lengths, lengths.Min()) * arrays.Read("token_ids").Shape[1]) + lengths.Min());
        bundle.EditWithHash("parity.npz", npz => NpzBytes.WithSingles(npz, "explain.word_gate", values =>
        {
            values[behind] = 7;
            return values;
        }));
        using var model = bundle.Load();

        Assert.InRange(model.Parity.Explainer!.Outputs, 0, 1e-4);
        Assert.InRange(model.Parity.Explainer.Scores, 0, 1e-5);
    }

    [Fact]
    public void A_distribution_that_does_not_sum_to_one_is_refused()
    {
        using var bundle = new BundleCopy(Bundles.Explained);
        Edit(bundle, "word_gate", output => output["distribution"] = 0);
        bundle.Refused("explainer.onnx: 'word_gate' sums to", "along axis 0, its distribution, values are at least 0 and sum to 1");
    }

    private static void Edit(BundleCopy bundle, string name, Action<JsonNode> edit) => bundle.Manifest(manifest =>
        edit(manifest["graphs"]!["explainer"]!["outputs"]!.AsArray().Single(output => (string?)output!["name"] == name)!));

    private static long[] Shape(byte[] npz, int more)
    {
        using var arrays = Features.Npy.NpzFile.Open(new MemoryStream(npz), "parity.npz");
        long[] shape = [.. arrays.Read("explain.word_gate").Shape];
        shape[^1] += more;
        return shape;
    }

    private static long Elements(byte[] npz, int more) => Shape(npz, more).Aggregate(1L, (product, size) => product * size);
}
