using Retrieval.Storage.Local;
using Retrieval.Storage.Rows;

namespace Retrieval.Storage.Postgres.Following;

/// <summary>Some images with their captions, as fetched. Its buffers are reused.</summary>
internal sealed class Chunk(IndexSchema schema)
{
    private readonly List<ChunkImage> _images = [];
    private readonly List<string> _deleted = [];
    private readonly List<string> _texts = [];
    private int _captionsDue;

    public FieldBuffers ImageFields { get; } = new(schema.ImageFields, schema.EmbeddingWidth);

    public FieldBuffers CaptionFields { get; } = new(schema.CaptionFields, schema.EmbeddingWidth);

    /// <summary>Buffer for the code that reads into the chunk.</summary>
    public byte[] Buffer { get; } = new byte[CopyReader.BufferBytes];

    /// <summary>The last position it covers.</summary>
    public RowKey End { get; private set; }

    /// <summary>Bytes fetched for it.</summary>
    public long Bytes { get; set; }

    /// <summary>Images and tombstones.</summary>
    public int Rows => _images.Count + _deleted.Count;

    /// <summary>Ids of deleted images.</summary>
    public IReadOnlyList<string> Deleted => _deleted;

    public void Begin(RowKey end)
    {
        _images.Clear();
        _deleted.Clear();
        _texts.Clear();
        _captionsDue = 0;
        ImageFields.Clear();
        CaptionFields.Clear();
        End = end;
        Bytes = 0;
    }

    public void AddDeleted(string id) => _deleted.Add(id);

    public void Add(ChunkImage image)
    {
        _images.Add(image with { FirstCaption = _captionsDue });
        _captionsDue += image.Captions;
    }

    /// <summary>Adds the next caption, which must be the expected one.</summary>
    /// <exception cref="InvalidDataException">It is another caption.</exception>
    public void AddCaption(long rowNo, int position, string text, ref int image)
    {
        while (image < _images.Count && _texts.Count == _images[image].FirstCaption + _images[image].Captions)
        {
            image++;
        }

        if (image == _images.Count || _images[image].RowNo != rowNo || _texts.Count - _images[image].FirstCaption != position)
        {
            throw new InvalidDataException($"row {rowNo} has a caption {position} that its image does not count");
        }

        _texts.Add(text);
    }

    /// <exception cref="InvalidDataException">An image has fewer captions than its count says.</exception>
    public void RequireComplete()
    {
        if (_texts.Count != _captionsDue)
        {
            throw new InvalidDataException($"{_images.Count} images from row {(_images.Count > 0 ? _images[0].RowNo : 0)} on count {_captionsDue} captions, and have {_texts.Count}");
        }
    }

    /// <summary>The live images as a batch; null if there are none. Valid until <see cref="Begin"/>.</summary>
    public ImageRows? ToRows() => _images.Count == 0 ? null : new ImageRows
    {
        Images = [.. _images.Select(image => new ImageEntry(image.Id, image.ContentHash, _texts.GetRange(image.FirstCaption, image.Captions)) { Metadata = image.Metadata, Boxes = image.Boxes })],
        ImageFields = ImageFields.ToRows(),
        CaptionFields = CaptionFields.ToRows(),
    };
}
