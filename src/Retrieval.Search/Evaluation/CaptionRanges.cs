using Retrieval.Storage.Local.Reading;

namespace Retrieval.Search.Evaluation;

/// <summary>Which captions belong to which image, by slot, and which slots are live.</summary>
internal sealed class CaptionRanges
{
    private const int NoImage = -1;
    private readonly int[] _imageOf;

    public CaptionRanges(LocalIndex index)
    {
        _imageOf = new int[index.Captions.Slots];
        Array.Fill(_imageOf, NoImage);
        Images = Live(index.Images);
        Captions = Live(index.Captions);
        var withCaptions = new List<int>();
        foreach (var image in Images)
        {
            var found = index.GetImage(image);
            _imageOf.AsSpan((int)found.FirstCaption, found.CaptionCount).Fill(image);
            if (found.CaptionCount > 0)
            {
                withCaptions.Add(image);
            }
        }

        ImagesWithCaptions = [.. withCaptions];
    }

    /// <summary>Slots of the images.</summary>
    public int[] Images { get; }

    /// <summary>Slots of the captions.</summary>
    public int[] Captions { get; }

    /// <summary>Slots of the images that have a caption: only they can be queries.</summary>
    public int[] ImagesWithCaptions { get; }

    public bool Belongs(long caption, long image) => _imageOf[caption] == image;

    private static int[] Live(IndexBank bank) => [.. Enumerable.Range(0, (int)bank.Slots).Where(slot => bank.IsLive(slot))];
}
