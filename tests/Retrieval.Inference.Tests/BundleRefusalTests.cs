using System.Text.Json.Nodes;
using Retrieval.Domain.Errors;
using Retrieval.Inference.Bundles;

namespace Retrieval.Inference.Tests;

/// <summary>A model is what it says: whatever is edited is refused at load, with a message that names the file.</summary>
public sealed class BundleRefusalTests
{
    public static TheoryData<string> Files =>
        ["text_encoder.onnx", "image_encoder.onnx", "scorer_text_to_image.onnx", "scorer_image_to_text.onnx", "vocabulary.json", "parity.npz"];

    public static TheoryData<string> Graphs => ["text_encoder.onnx", "image_encoder.onnx", "scorer_text_to_image.onnx", "scorer_image_to_text.onnx"];

    [Fact]
    public void A_folder_that_is_not_there_is_named() =>
        Assert.Contains("/no/such/bundle", Assert.Throws<InvalidBundleException>(() => Bundles.Load("/no/such/bundle")).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("bundle.json")]
    [MemberData(nameof(Files))]
    public void A_missing_file_is_refused(string file)
    {
        using var bundle = new BundleCopy();
        File.Delete(bundle[file]);
        bundle.Refused(file, "cannot be read");
    }

    [Theory]
    [InlineData("bundle.json")]
    [InlineData("vocabulary.json")]
    public async Task A_pipe_in_the_place_of_a_file_is_refused_and_not_waited_for(string file)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "makes a pipe with mkfifo");
        using var bundle = new BundleCopy();
        File.Delete(bundle[file]);
        using (var make = System.Diagnostics.Process.Start("mkfifo", [bundle[file]]))
        {
            await make.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        var refusal = Task.Run(() => bundle.Refused(file), TestContext.Current.CancellationToken);
        await refusal.WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);
    }

    [Fact]
    public void A_bundle_that_has_been_read_is_loaded_as_it_was_read()
    {
        using var bundle = new BundleCopy();
        var read = VerifiedBundle.Read(bundle.Path);
        bundle.Edit("bundle.json", bytes => [.. bytes, (byte)'x']);
        File.Delete(bundle["text_encoder.onnx"]);

        using var model = MatchingModel.Load(read, new InferenceOptions { Threads = 1 });

        Assert.Equal(read.Fingerprint, model.Fingerprint);
        Assert.Equal(read.Manifest.VocabularySize, model.VocabularySize);
        bundle.Refused("bundle.json");
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void A_flipped_bit_anywhere_is_refused(string file)
    {
        using var bundle = new BundleCopy();
        var random = new Random(3);
        for (var round = 0; round < 10; round++)
        {
            var original = File.ReadAllBytes(bundle[file]);
            bundle.Edit(file, bytes =>
            {
                bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
                return bytes;
            });
            bundle.Refused(file, "SHA-256");
            File.WriteAllBytes(bundle[file], original);
        }
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void A_file_cut_short_or_grown_is_refused(string file)
    {
        using var bundle = new BundleCopy();
        var whole = File.ReadAllBytes(bundle[file]);
        foreach (var length in new[] { 0, 1, whole.Length / 2, whole.Length - 1, whole.Length + 1 })
        {
            bundle.Edit(file, _ => length <= whole.Length ? whole[..length] : [.. whole, 0]);
            bundle.Refused(file, "bytes", $"{whole.Length}");
        }
    }

    [Fact]
    public void A_huge_file_is_refused_by_its_size_without_being_read()
    {
        using var bundle = new BundleCopy();
        using (var stream = File.OpenWrite(bundle["text_encoder.onnx"]))
        {
            stream.SetLength(1L << 34);
        }

        var before = GC.GetAllocatedBytesForCurrentThread(); // other tests run beside this one
        bundle.Refused("text_encoder.onnx", $"{1L << 34}");
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 100 << 20, "the file was read");
    }

    [Fact]
    public void A_huge_manifest_is_refused_without_being_read()
    {
        using var bundle = new BundleCopy();
        using (var stream = File.OpenWrite(bundle["bundle.json"]))
        {
            stream.SetLength(1L << 34);
        }

        bundle.Refused("bundle.json", "bytes");
    }

    [Theory]
    [MemberData(nameof(Graphs))]
    public void A_graph_cut_short_is_refused_even_if_the_hashes_say_so(string file)
    {
        using var bundle = new BundleCopy();
        var whole = File.ReadAllBytes(bundle[file]);
        foreach (var tenth in Enumerable.Range(0, 10))
        {
            bundle.EditWithHash(file, _ => whole[..(whole.Length * tenth / 10)]);
            bundle.Refused(file);
        }
    }

    [Theory]
    [MemberData(nameof(Graphs))]
    public void A_graph_edited_together_with_its_hash_is_refused_or_computes_what_was_recorded(string file)
    {
        using var bundle = new BundleCopy();
        var whole = File.ReadAllBytes(bundle[file]);
        var random = new Random(11);
        var refused = 0;
        for (var round = 0; round < 25; round++)
        {
            var copy = (byte[])whole.Clone();
            for (var edits = random.Next(1, 4); edits > 0; edits--)
            {
                copy[random.Next(copy.Length)] = (byte)random.Next(256);
            }

            bundle.EditWithHash(file, _ => copy);
            try
            {
                using var model = bundle.Load();
                Assert.True(model.Parity!.Passed);
            }
            catch (InvalidBundleException)
            {
                refused++;
            }
        }

        Assert.True(refused > 0);
    }

    [Theory]
    [InlineData(Bundles.Published, "image_encoder.onnx", "record.v_a")]
    [InlineData(Bundles.Published, "text_encoder.onnx", "record.w_a")]
    [InlineData(Bundles.Half, "image_encoder.onnx", "record.v must be a tensor of Float")]
    [InlineData(Bundles.Half, "scorer_text_to_image.onnx", "must be a tensor of Float")]
    public void A_graph_of_another_bundle_does_not_keep_the_contract(string other, string file, string fault)
    {
        using var bundle = new BundleCopy();
        bundle.EditWithHash(file, _ => File.ReadAllBytes(Path.Combine(Bundles.PathOf(other), file)));
        bundle.Refused(file, "contract", fault);
    }

    [Theory]
    [InlineData("scorer_text_to_image.onnx", "scorer_image_to_text.onnx")]
    [InlineData("scorer_image_to_text.onnx", "scorer_text_to_image.onnx")]
    [InlineData("scorer_text_to_image.onnx", "image_encoder.onnx")]
    [InlineData("image_encoder.onnx", "text_encoder.onnx")]
    public void A_graph_in_the_place_of_another_one_is_refused(string file, string other)
    {
        using var bundle = new BundleCopy();
        bundle.EditWithHash(file, _ => File.ReadAllBytes(bundle[other]));
        bundle.Refused();
    }

    [Fact]
    public void An_edited_manifest_is_another_bundle()
    {
        using var bundle = new BundleCopy();
        bundle.Manifest(manifest => manifest["name"] = "somebody-elses");
        using var model = bundle.Load();

        Assert.NotEqual(Bundles.Model(Bundles.Fast).Fingerprint, model.Fingerprint);
        Assert.StartsWith("somebody-elses@", model.Label, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("not JSON")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("{\"format\": \"retrieval-bundle/1\"")]
    [InlineData("{\"format\": 1}")]
    [InlineData("{\"format\": \"\\ud800\"}")]
    [InlineData("{\"files\": {\"\\udc00\": {}}}")]
    [InlineData("{\"records\": {\"image\": [{\"name\": \"\\ud800\", \"shape\": [\"\\ud800\", 1]}]}}")]
    public void A_manifest_that_is_none_is_refused(string text)
    {
        using var bundle = new BundleCopy();
        File.WriteAllText(bundle["bundle.json"], text);
        bundle.Refused("bundle.json");
    }

    [Fact]
    public void A_manifest_of_bytes_that_are_no_text_is_refused()
    {
        using var bundle = new BundleCopy();
        bundle.Edit("bundle.json", bytes => [.. System.Text.Encoding.UTF8.GetBytes(System.Text.Encoding.UTF8.GetString(bytes).Replace("camp-gate-fusion-new-concat", "caf\u00E9", StringComparison.Ordinal)).Select(b => b == 0xA9 ? (byte)0xFF : b)]);
        bundle.Refused("bundle.json");
    }

    [Fact]
    public void A_manifest_nested_deeply_is_refused()
    {
        using var bundle = new BundleCopy();
        File.WriteAllText(bundle["bundle.json"], new string('[', 100_000));
        bundle.Refused("bundle.json");
    }

    [Fact]
    public void Another_format_is_refused_by_name()
    {
        using var bundle = new BundleCopy();
        bundle.Manifest(manifest => manifest["format"] = "retrieval-bundle/2");
        bundle.Refused("retrieval-bundle/2", "retrieval-bundle/1");
    }

    [Theory]
    [InlineData("../vocabulary.json")]
    [InlineData("..")]
    [InlineData(".")]
    [InlineData("")]
    [InlineData("/etc/hostname")]
    [InlineData("sub/vocabulary.json")]
    [InlineData("sub\\vocabulary.json")]
    [InlineData("C:\\vocabulary.json")]
    [InlineData("vocabulary.json\0")]
    [InlineData("bundle.json")]
    public void A_file_name_that_could_leave_the_folder_is_refused(string name)
    {
        using var bundle = new BundleCopy();
        bundle.Manifest(manifest =>
        {
            manifest["files"]![name] = manifest["files"]!["vocabulary.json"]!.DeepClone();
            manifest["vocabulary"]!["file"] = name;
        });
        bundle.Refused("bundle.json", "is not a plain file name");
    }

    [Fact]
    public void All_faults_of_a_manifest_are_told_at_once()
    {
        using var bundle = new BundleCopy();
        bundle.Manifest(manifest =>
        {
            var root = manifest.AsObject();
            root.Remove("name");
            root.Remove("tokens");
            root["precision"] = "float8";
            root["regions"]!["count"] = 0;
            root["embedding"]!["width"] = "wide";
            root["records"]!["image"]![0]!["type"] = "complex";
            root["graphs"]!["textEncoder"]!["file"] = "missing.onnx";
            root["parity"]!["tolerance"] = -1;
            root["files"]!["vocabulary.json"]!["sha256"] = "ABC";
        });
        bundle.Refused("name", "tokens", "float8", "regions.count", "embedding.width", "records.image[0]", "missing.onnx", "tolerance", "sha256");
    }

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

    [Theory]
    [InlineData("bundle.json")]
    [InlineData("vocabulary.json")]
    [InlineData("text_encoder.onnx")]
    public void A_symbolic_link_is_not_followed(string file)
    {
        using var bundle = new BundleCopy();
        using var elsewhere = new BundleCopy();
        File.Delete(bundle[file]);
        File.CreateSymbolicLink(bundle[file], elsewhere[file]);
        bundle.Refused(file, "symbolic link");
    }

    [Fact]
    public void A_folder_in_the_place_of_a_file_is_refused()
    {
        using var bundle = new BundleCopy();
        File.Delete(bundle["vocabulary.json"]);
        Directory.CreateDirectory(bundle["vocabulary.json"]);
        bundle.Refused("vocabulary.json");
    }

    private static void Words(BundleCopy bundle, Action<JsonArray> edit) => bundle.EditWithHash("vocabulary.json", bytes =>
    {
        var vocabulary = JsonNode.Parse(bytes)!;
        edit(vocabulary["words"]!.AsArray());
        bundle.Manifest(manifest => manifest["vocabulary"]!["size"] = vocabulary["words"]!.AsArray().Count);
        return System.Text.Encoding.UTF8.GetBytes(vocabulary.ToJsonString());
    });
}
