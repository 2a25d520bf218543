namespace Retrieval.Search.Tests.Evaluation;

/// <summary>
/// A corpus whose captions the bundle tells apart: they consist of words of its vocabulary. With captions that are alike to it, two
/// batches could order what is as good as equal differently.
/// </summary>
internal static class Distinct
{
    private const int FirstWord = 4;
    private const int Words = 56;

    public static Corpus Make(int images, int captionsPerImage, int seed)
    {
        var corpus = Corpus.Make(images, captionsPerImage, seed);
        var random = new Random(seed + 1000);
        foreach (var captions in corpus.Captions)
        {
            for (var i = 0; i < captions.Length; i++)
            {
                captions[i] = string.Join(' ', Enumerable.Range(0, random.Next(3, 15)).Select(_ => $"w{random.Next(FirstWord, FirstWord + Words)}"));
            }
        }

        return corpus;
    }
}
