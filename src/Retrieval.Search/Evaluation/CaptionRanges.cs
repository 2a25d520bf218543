using Retrieval.Storage.Local.Reading;

namespace Retrieval.Search.Evaluation;

/// <summary>Which captions belong to which image, by slot. An evaluation builds its own index, so all slots are live.</summary>
internal sealed class CaptionRanges
{
    private readonly (int First, int End)[] _ofImage;
    private readonly int[] _ofCaption;

    public CaptionRanges(LocalIndex index)
    {
        _ofImage = new (int, int)[index.Images.Slots];
        _ofCaption = new int[index.Captions.Slots];
        for (var image = 0; image < _ofImage.Length; image++)
        {
            var found = index.GetImage(image);
            _ofImage[image] = ((int)found.FirstCaption, (int)found.FirstCaption + found.CaptionCount);
            _ofCaption.AsSpan((int)found.FirstCaption, found.CaptionCount).Fill(image);
        }
    }

    public int Images => _ofImage.Length;

    public int Captions => _ofCaption.Length;

    /// <summary>Images that have a caption: only they can be queries.</summary>
    public IEnumerable<int> Queries => Enumerable.Range(0, Images).Where(image => _ofImage[image].First < _ofImage[image].End);

    public int ImageOf(int caption) => _ofCaption[caption];

    public bool Belongs(int caption, int image) => _ofCaption[caption] == image;
}
