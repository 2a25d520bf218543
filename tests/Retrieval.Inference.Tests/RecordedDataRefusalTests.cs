using System.Text.Json.Nodes;

namespace Retrieval.Inference.Tests;

/// <summary>Vocabularies and recorded vectors that do not fit the graphs or this machine.</summary>
[Trait("Promise", "10")]
public sealed class RecordedDataRefusalTests
{
    [Fact]
    public void A_vocabulary_of_another_size_than_the_manifest_says_is_refused()
    {
        using var bundle = new BundleCopy();
        bundle.Manifest(manifest => manifest["vocabulary"]!["size"] = 61);
        bundle.Refused("vocabulary", "60", "61");
    }

    [Fact]
    public void A_vocabulary_smaller_than_the_ids_that_were_recorded_is_refused()
    {
        using var bundle = new BundleCopy();
        Words(bundle, words =>
        {
            while (words.Count > 6)
            {
                words.RemoveAt(6);
            }
        });
        bundle.Refused("parity.npz");
    }

    [Fact]
    public void A_vocabulary_larger_than_the_graph_is_refused()
    {
        using var bundle = new BundleCopy();
        Words(bundle, words => words.Add("unheard-of"));
        bundle.Refused("text_encoder.onnx");
    }

    [Theory]
    [InlineData("{\"words\": []}")]
    [InlineData("{\"words\": [\"<pad>\", \"<start>\", \"<end>\"]}")]
    [InlineData("{\"words\": [\"<pad>\", \"<pad>\"]}")]
    [InlineData("[]")]
    [InlineData("{")]
    public void A_vocabulary_that_cannot_be_one_is_refused(string text)
    {
        using var bundle = new BundleCopy();
        bundle.EditWithHash("vocabulary.json", _ => System.Text.Encoding.UTF8.GetBytes(text));
        bundle.Refused("vocabulary.json");
    }

    [Theory]
    [InlineData(Bundles.Fast, 0.001f)]
    [InlineData(Bundles.Half, 0.01f)]
    [InlineData(Bundles.Fast, float.NaN)]
    [InlineData(Bundles.Fast, float.PositiveInfinity)]
    public void Recorded_scores_that_this_machine_does_not_compute_are_refused_with_numbers(string name, float change)
    {
        using var bundle = new BundleCopy(name);
        bundle.EditWithHash("parity.npz", npz => NpzBytes.WithSingles(npz, "scores", scores =>
        {
            scores[^1] += change;
            return scores;
        }));
        var error = bundle.Refused("text to image", "image to text", "allowed is");
        if (change == 0.001f)
        {
            Assert.Contains("0.001", error.Reason, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("image_embedding")]
    [InlineData("caption_embedding")]
    public void Recorded_embeddings_that_this_machine_does_not_compute_are_refused(string array)
    {
        using var bundle = new BundleCopy();
        bundle.EditWithHash("parity.npz", npz => NpzBytes.WithSingles(npz, array, values =>
        {
            values[3] *= 1.01f;
            return values;
        }));
        bundle.Refused("embeddings by");
    }

    [Fact]
    public void A_tolerance_of_nothing_is_exceeded_by_any_difference()
    {
        using var bundle = new BundleCopy(Bundles.Half);
        bundle.Manifest(manifest => manifest["parity"]!["tolerance"] = 1e-9);
        bundle.Refused("allowed is 1E-09");
    }

    [Theory]
    [InlineData("regions")]
    [InlineData("token_ids")]
    [InlineData("lengths")]
    [InlineData("image_embedding")]
    [InlineData("caption_embedding")]
    [InlineData("scores")]
    public void A_recorded_array_that_is_missing_or_of_another_shape_is_refused(string array)
    {
        using var bundle = new BundleCopy();
        var original = File.ReadAllBytes(bundle["parity.npz"]);
        bundle.EditWithHash("parity.npz", npz => NpzBytes.Without(npz, array));
        bundle.Refused("parity.npz", array);
        foreach (var shape in new long[][] { [], [0], [1], [0, 0], [1, 1, 1, 1] })
        {
            var elements = shape.Aggregate(1L, (product, size) => product * size);
            bundle.EditWithHash("parity.npz", _ => array is "token_ids" or "lengths"
                ? NpzBytes.WithInt64s(original, array, _ => new long[elements], shape)
                : NpzBytes.WithSingles(original, array, _ => new float[elements], shape));
            bundle.Refused("parity.npz");
        }
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(60)]
    [InlineData(long.MaxValue)]
    public void Recorded_token_ids_outside_the_vocabulary_are_refused(long id)
    {
        using var bundle = new BundleCopy();
        bundle.EditWithHash("parity.npz", npz => NpzBytes.WithInt64s(npz, "token_ids", ids =>
        {
            ids[0] = id;
            return ids;
        }));
        bundle.Refused("parity.npz", $"{id}");
    }

    [Fact]
    public void A_bundle_without_statistics_has_none_and_one_whose_file_is_no_such_is_refused()
    {
        using var bundle = new BundleCopy();
        using (var model = bundle.Load())
        {
            Assert.Null(model.Statistics);
        }

        bundle.Manifest(manifest => manifest["statistics"] = new JsonObject { ["file"] = "statistics.npz" });
        bundle.Refused("statistics.npz", "not listed in files");
        foreach (var content in new[] { "no archive"u8.ToArray(), File.ReadAllBytes(bundle["parity.npz"]) })
        {
            File.WriteAllBytes(bundle["statistics.npz"], []);
            bundle.EditWithHash("statistics.npz", _ => content);
            bundle.Refused("statistics.npz");
        }
    }

    private static void Words(BundleCopy bundle, Action<JsonArray> edit) => bundle.EditWithHash("vocabulary.json", bytes =>
    {
        var vocabulary = JsonNode.Parse(bytes)!;
        edit(vocabulary["words"]!.AsArray());
        bundle.Manifest(manifest => manifest["vocabulary"]!["size"] = vocabulary["words"]!.AsArray().Count);
        return System.Text.Encoding.UTF8.GetBytes(vocabulary.ToJsonString());
    });
}
