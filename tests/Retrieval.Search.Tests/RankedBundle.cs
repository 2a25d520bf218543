using Retrieval.Domain.Bundles;
using Retrieval.Inference;
using Retrieval.Search.Queries;

namespace Retrieval.Search.Tests;

/// <summary>A bundle with a ranking, an index made with it, and t(score) and coarse score of every pair, computed otherwise.</summary>
/// <param name="path">The bundle's folder.</param>
/// <param name="index">The index's folder.</param>
/// <param name="spec">What its manifest says.</param>
/// <param name="transformed">t(score), <c>[images, captions]</c>.</param>
/// <param name="coarse">Inner products, <c>[images, captions]</c>.</param>
internal sealed class RankedBundle(string path, string index, RankingSpec spec, double[,] transformed, double[,] coarse)
{
    public RankingSpec Spec => spec;

    public Serving Serve(SearchOptions? options = null, TimeProvider? time = null, int pairsPerCall = 8) => new(index, time, options, pairsPerCall, path);

    /// <summary>Of a caption with every image.</summary>
    public (double[] Transformed, double[] Coarse) OfCaption(int caption) =>
        ([.. Enumerable.Range(0, coarse.GetLength(0)).Select(image => transformed[image, caption])], [.. Enumerable.Range(0, coarse.GetLength(0)).Select(image => coarse[image, caption])]);

    /// <summary>Of an image with every caption.</summary>
    public (double[] Transformed, double[] Coarse) OfImage(int image) =>
        ([.. Enumerable.Range(0, coarse.GetLength(1)).Select(caption => transformed[image, caption])], [.. Enumerable.Range(0, coarse.GetLength(1)).Select(caption => coarse[image, caption])]);

    /// <summary>Inner products of the embeddings in float64.</summary>
    public static double[,] CoarseOf(Corpus corpus, MatchingModel model)
    {
        using var images = model.ImageEncoder.Encode(corpus.Regions.SelectMany(values => values).ToArray());
        using var captions = model.TextEncoder.Encode(TokensOf(corpus, model));
        return Pairs(corpus, (image, caption) => images.Embedding(image).ToArray().Zip(captions.Embedding(caption).ToArray()).Sum(pair => (double)pair.First * pair.Second));
    }

    /// <summary>What the scorer's graph gives, every pair by itself.</summary>
    public static double[,] TransformedOf(Corpus corpus, MatchingModel model)
    {
        using var images = model.ImageEncoder.Encode(corpus.Regions.SelectMany(values => values).ToArray());
        using var captions = model.TextEncoder.Encode(TokensOf(corpus, model));
        var one = new float[1];
        return Pairs(corpus, (image, caption) =>
        {
            using var query = captions.Records.Row(caption);
            model.TextToImage.TransformedScores(images.Records, query, [image], [0], one);
            return one[0];
        });
    }

    public static double[,] Pairs(Corpus corpus, Func<int, int, double> of)
    {
        var captions = corpus.AllCaptions.Length;
        var pairs = new double[corpus.Count, captions];
        for (var image = 0; image < corpus.Count; image++)
        {
            for (var caption = 0; caption < captions; caption++)
            {
                pairs[image, caption] = of(image, caption);
            }
        }

        return pairs;
    }

    private static long[][] TokensOf(Corpus corpus, MatchingModel model) => [.. corpus.AllCaptions.Select(caption => model.Captions.Encode(caption).TokenIds)];
}
