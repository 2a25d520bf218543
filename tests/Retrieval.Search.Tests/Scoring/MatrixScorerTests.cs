using Retrieval.Features.Npy;
using Retrieval.Inference.Records;
using Retrieval.Search.Evaluation;

namespace Retrieval.Search.Tests.Scoring;

public sealed class MatrixScorerTests
{
    [Theory]
    [InlineData("bundles/camp-gate-fusion-new-concat/parity.npz", RecordSide.Image)]
    [InlineData("bundles/camp-gate-fusion-new-concat/parity.npz", RecordSide.Caption)]
    [InlineData("golden.npz", RecordSide.Image)]
    [InlineData("golden.npz", RecordSide.Caption)]
    public void The_matrix_is_the_one_that_PyTorch_gave(string file, RecordSide side)
    {
        using var recorded = NpzFile.Open(Path.Combine(AppContext.BaseDirectory, file));
        var regions = recorded.Read("regions");
        var values = regions.ToSingles();
        var tokens = recorded.Read("token_ids");
        var ids = tokens.ToInt64s();
        var captions = recorded.Read("lengths").ToInt64s().Select((length, i) => ids.AsSpan(i * (int)tokens.Shape[1], (int)length).ToArray()).ToList();
        const int size = Bundle.Regions * Bundle.Width;

        var scores = new MatrixScorer(Bundle.Model).Score(
            (int)regions.Shape[0], Bundle.Regions, (first, count, target) => values.AsSpan((int)first * size, count * size).CopyTo(target), captions, side, null, TestContext.Current.CancellationToken);

        Assert.All(recorded.Read("scores").ToSingles().Zip(scores), pair => Assert.Equal(pair.First, pair.Second, 1e-5f));
    }

    [Theory]
    [InlineData(RecordSide.Image)]
    [InlineData(RecordSide.Caption)]
    public void Blocks_do_not_show_in_the_matrix(RecordSide side)
    {
        // More of both than a block holds.
        var corpus = Corpus.Make(130, 1, 71);
        var tokens = corpus.AllCaptions.Select(caption => Bundle.Model.Captions.Encode(caption).TokenIds).ToArray();
        var done = new List<long>();
        var whole = new MatrixScorer(Bundle.Model).Score(130, Bundle.Regions, Read(corpus, 0), tokens, side, new Steps(done.Add), TestContext.Current.CancellationToken);
        var order = new Random(72).GetItems([.. Enumerable.Range(0, 130)], 12);
        foreach (var image in order)
        {
            var one = new MatrixScorer(Bundle.Model).Score(1, Bundle.Regions, Read(corpus, image), [tokens[image], tokens[129 - image]], side, null, TestContext.Current.CancellationToken);
            Assert.Equal(whole[(image * 130) + image], one[0], 1e-5f);
            Assert.Equal(whole[(image * 130) + 129 - image], one[1], 1e-5f);
        }

        Assert.Equal(done.Order(), done);
        Assert.Equal(130 * 130, done[^1]);
    }

    [Fact]
    public void Nothing_gives_an_empty_matrix()
    {
        Assert.Empty(new MatrixScorer(Bundle.Model).Score(0, Bundle.Regions, (_, _, _) => Assert.Fail("nothing to read"), [[1, 2]], RecordSide.Image, null, TestContext.Current.CancellationToken));
        Assert.Empty(new MatrixScorer(Bundle.Model).Score(2, Bundle.Regions, (_, _, _) => { }, [], RecordSide.Caption, null, TestContext.Current.CancellationToken));
    }

    private static MatrixScorer.RegionReader Read(Corpus corpus, int from) => (first, count, regions) =>
    {
        for (var i = 0; i < count; i++)
        {
            corpus.Regions[from + (int)first + i].CopyTo(regions[(i * Bundle.Regions * Bundle.Width)..]);
        }
    };

    private sealed class Steps(Action<long> seen) : IProgress<long>
    {
        public void Report(long value) => seen(value);
    }
}
