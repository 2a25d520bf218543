using Retrieval.Inference.Records;
using Retrieval.Search.Evaluation;

namespace Retrieval.Search.Tests;

/// <summary>All scores of both stages, computed without index, shortlist or batching by query.</summary>
internal sealed class Oracle
{
    public Oracle(Corpus corpus)
    {
        Corpus = corpus;
        var model = Bundle.Model;
        var tokens = corpus.AllCaptions.Select(caption => model.Captions.Encode(caption).TokenIds).ToArray();
        Scores = Matrix(corpus, tokens, RecordSide.Image);
        using var images = model.ImageEncoder.Encode(corpus.Regions.SelectMany(values => values).ToArray());
        using var captions = model.TextEncoder.Encode(tokens);
        Coarse = new float[corpus.Count * tokens.Length];
        for (var image = 0; image < corpus.Count; image++)
        {
            for (var caption = 0; caption < tokens.Length; caption++)
            {
                Coarse[(image * tokens.Length) + caption] = (float)images.Embedding(image).ToArray().Zip(captions.Embedding(caption).ToArray()).Sum(pair => (double)pair.First * pair.Second);
            }
        }
    }

    public Corpus Corpus { get; }

    /// <summary>Float32 <c>[images, captions]</c>.</summary>
    public float[] Scores { get; }

    /// <summary>Inner products, <c>[images, captions]</c>.</summary>
    public float[] Coarse { get; }

    public int Captions => Scores.Length / Corpus.Count;

    public static float[] Matrix(Corpus corpus, IReadOnlyList<long[]> tokens, RecordSide side) =>
        new MatrixScorer(Bundle.Model).Score(corpus.Count, Bundle.Regions, (first, count, regions) =>
        {
            for (var i = 0; i < count; i++)
            {
                corpus.Regions[first + i].CopyTo(regions[(i * Bundle.Regions * Bundle.Width)..]);
            }
        }, tokens, side);

    /// <summary>A caption's scores with every image.</summary>
    public (float[] Scores, float[] Coarse) OfCaption(int caption) =>
        ([.. Enumerable.Range(0, Corpus.Count).Select(image => Scores[(image * Captions) + caption])], [.. Enumerable.Range(0, Corpus.Count).Select(image => Coarse[(image * Captions) + caption])]);

    /// <summary>An image's scores with every caption.</summary>
    public (float[] Scores, float[] Coarse) OfImage(int image) =>
        (Scores[(image * Captions)..((image + 1) * Captions)], Coarse[(image * Captions)..((image + 1) * Captions)]);
}
