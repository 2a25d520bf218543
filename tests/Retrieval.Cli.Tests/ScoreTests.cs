using System.Text;
using Retrieval.Features.Npy;

namespace Retrieval.Cli.Tests;

public sealed class ScoreTests
{
    [Theory]
    [InlineData(Fixture.Serving, "text-to-image")]
    [InlineData(Fixture.Serving, "image-to-text")]
    [InlineData(Fixture.Compact, "text-to-image")]
    [InlineData(Fixture.Published, "image-to-text")]
    public async Task Scores_are_those_of_the_published_code(string bundle, string direction)
    {
        using var inputs = Inputs.Recorded(bundle);

        var result = (await inputs.ScoreAsync(direction, "--json")).Json();

        using var file = NpyFile.Open(inputs.Out);
        var scores = new float[file.RowCount * file.RowWidth];
        file.ReadRows(0, scores.AsSpan());
        Assert.Equal([inputs.Images, inputs.Captions], file.Shape);
        Assert.Equal(inputs.Images * inputs.Captions, result.GetProperty("pairs").GetInt64());
        Assert.All(inputs.Scores.Zip(scores), pair => Assert.Equal(pair.First, pair.Second, 1e-5f));
    }

    [Fact]
    public async Task Regions_of_another_shape_are_refused()
    {
        using var inputs = Inputs.Recorded(Fixture.Serving);

        NpyWriter.Write(inputs.Regions, new float[2 * 35 * 64], 2, 35, 64);
        (await inputs.ScoreAsync()).Refused("regions.npy, shape", "(2, 35, 64)", "(images, 36, 64)");

        NpyWriter.Write(inputs.Regions, new float[2 * 36 * 65], 2, 36, 65);
        (await inputs.ScoreAsync()).Refused("regions.npy, shape", "(2, 36, 65)");

        NpyWriter.Write(inputs.Regions, new long[2 * 36 * 64], 2, 36, 64);
        (await inputs.ScoreAsync()).Refused("regions.npy", "floating-point");
        Assert.False(File.Exists(inputs.Out));
    }

    [Fact]
    public async Task A_value_that_is_not_finite_is_refused_with_its_row()
    {
        using var inputs = Inputs.Recorded(Fixture.Serving);
        var regions = new float[2 * 36 * 64];
        regions[(36 * 64) + (3 * 64) + 5] = float.NaN;
        NpyWriter.Write(inputs.Regions, regions, 2, 36, 64);

        (await inputs.ScoreAsync()).Refused("regions.npy, row 1", "feature 5 of region 3 is NaN");
        Assert.False(File.Exists(inputs.Out));
    }

    [Fact]
    public async Task Files_that_are_cut_short_or_hold_objects_are_refused()
    {
        using var inputs = Inputs.Recorded(Fixture.Serving);
        var whole = await File.ReadAllBytesAsync(inputs.Regions, TestContext.Current.CancellationToken);
        await File.WriteAllBytesAsync(inputs.Regions, whole[..^7], TestContext.Current.CancellationToken);
        (await inputs.ScoreAsync()).Refused("regions.npy", "truncated");

        var text = "{'descr': '|O', 'fortran_order': False, 'shape': (2,), }".PadRight(117) + "\n";
        await File.WriteAllBytesAsync(inputs.Regions, [0x93, .. "NUMPY"u8, 1, 0, 118, 0, .. Encoding.ASCII.GetBytes(text), 0x80, 0x04], TestContext.Current.CancellationToken);
        (await inputs.ScoreAsync()).Refused("regions.npy", "|O");

        File.Delete(inputs.Regions);
        (await inputs.ScoreAsync()).Refused("regions.npy");
    }

    [Fact]
    public async Task Tokens_and_lengths_that_do_not_fit_are_refused_with_their_row()
    {
        using var inputs = Inputs.Recorded(Fixture.Serving);

        NpyWriter.Write(inputs.Tokens, new long[] { 1, 4, 2, 1, 60, 2 }, 2, 3);
        NpyWriter.Write(inputs.Lengths, new long[] { 3, 3 }, 2);
        (await inputs.ScoreAsync()).Refused("token_ids.npy, row 1", "token 1 is 60", "0 to 59");

        NpyWriter.Write(inputs.Tokens, new long[] { 1, 4, 2, 1, 5, 2 }, 2, 3);
        NpyWriter.Write(inputs.Lengths, new long[] { 3, 4 }, 2);
        (await inputs.ScoreAsync()).Refused("lengths.npy, row 1", "length of 4", "1 to 3");

        NpyWriter.Write(inputs.Lengths, new long[] { 3, 3, 3 }, 3);
        (await inputs.ScoreAsync()).Refused("lengths.npy, shape", "(3)", "(2)");

        NpyWriter.Write(inputs.Lengths, new float[] { 3, 3 }, 2);
        (await inputs.ScoreAsync()).Refused("lengths.npy", "whole numbers");
    }

    [Fact]
    public async Task What_cannot_be_written_is_refused_before_the_work()
    {
        using var inputs = Inputs.Recorded(Fixture.Serving);
        inputs.Out = Path.Combine(inputs.Folder.Path, "missing", "scores.npy");

        (await inputs.ScoreAsync()).Refused("--out", "there is no folder");
        (await inputs.ScoreAsync("sideways")).Refused("sideways", "text-to-image");
    }

    private sealed class Inputs : IDisposable
    {
        private Inputs(string bundle, NpzFile recorded)
        {
            Bundle = bundle;
            Out = Folder["scores.npy"];
            var (regions, tokens, lengths) = (recorded.Read("regions"), recorded.Read("token_ids"), recorded.Read("lengths"));
            NpyWriter.Write(Regions, regions.ToSingles(), [.. regions.Shape]);
            NpyWriter.Write(Tokens, tokens.ToInt64s(), [.. tokens.Shape]);
            NpyWriter.Write(Lengths, lengths.ToInt64s(), [.. lengths.Shape]);
            Scores = recorded.Read("scores").ToSingles();
            (Images, Captions) = (regions.Shape[0], tokens.Shape[0]);
        }

        public TemporaryFolder Folder { get; } = new();

        public string Bundle { get; }

        public string Regions => Folder["regions.npy"];

        public string Tokens => Folder["token_ids.npy"];

        public string Lengths => Folder["lengths.npy"];

        public string Out { get; set; }

        public float[] Scores { get; }

        public long Images { get; }

        public long Captions { get; }

        public static Inputs Recorded(string bundle)
        {
            using var recorded = Fixture.Recorded(Fixture.Bundle(bundle));
            return new Inputs(Fixture.Bundle(bundle), recorded);
        }

        public Task<Outcome> ScoreAsync(string direction = "text-to-image", params string[] more) => CommandLineProcess.RunAsync(
            ["score", "--bundle", Bundle, "--regions", Regions, "--tokens", Tokens, "--lengths", Lengths, "--direction", direction, "--out", Out, .. more]);

        public void Dispose() => Folder.Dispose();
    }
}
