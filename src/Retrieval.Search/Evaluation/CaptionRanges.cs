using Retrieval.Domain.Errors;
using Retrieval.Storage.Local.Reading;

namespace Retrieval.Search.Evaluation;

/// <summary>Which captions belong to which image, by slot, and which slots are live: of an index, or of one fold of it.</summary>
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

    private CaptionRanges(CaptionRanges all, int[] images)
    {
        _imageOf = all._imageOf;
        Images = images;
        Captions = Array.FindAll(all.Captions, caption => HasCaption(caption));
        ImagesWithCaptions = Array.FindAll(all.ImagesWithCaptions, image => HasImage(image));
    }

    /// <summary>Slots of the images, ascending.</summary>
    public int[] Images { get; }

    /// <summary>Slots of the captions, ascending.</summary>
    public int[] Captions { get; }

    /// <summary>Slots of the images that have a caption: only they can be queries.</summary>
    public int[] ImagesWithCaptions { get; }

    public bool Belongs(long caption, long image) => _imageOf[caption] == image;

    /// <summary>Whether a live image is among these.</summary>
    public bool HasImage(long image) => image >= Images[0] && image <= Images[^1];

    /// <summary>Whether a live caption belongs to one of these images.</summary>
    public bool HasCaption(long caption) => HasImage(_imageOf[caption]);

    /// <summary>Parts of equally many consecutive images, each with the captions of its own images.</summary>
    /// <param name="count">Number of parts, at least 1.</param>
    /// <param name="name">The corpus, as an error names it.</param>
    /// <exception cref="InvalidInputException">The images cannot be divided evenly, or those of a part have no captions.</exception>
    public IReadOnlyList<CaptionRanges> Folds(int count, string name)
    {
        FoldSize.Require(Images.Length, count, name);
        var folds = Images.Chunk(Images.Length / count).Select(images => new CaptionRanges(this, images)).ToList();
        return folds.FindIndex(fold => fold.Captions.Length == 0) is >= 0 and var empty
            ? throw new InvalidInputException($"fold {empty + 1} of {count} has no captions to evaluate with", name)
            : folds;
    }

    private static int[] Live(IndexBank bank) => [.. Enumerable.Range(0, (int)bank.Slots).Where(slot => bank.IsLive(slot))];
}
