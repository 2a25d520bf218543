using Retrieval.Domain.Errors;
using Retrieval.Inference.Bundles;

namespace Retrieval.Inference.Tests;

/// <summary>A model is what it says: whatever is edited is refused at load, with a message that names the file.</summary>
[Trait("Promise", "10")]
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
}
