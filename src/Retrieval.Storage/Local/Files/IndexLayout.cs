using Retrieval.Domain.Bundles;

namespace Retrieval.Storage.Local.Files;

/// <summary>Every file of an index, derived from its schema only: nothing in a manifest can name another path.</summary>
internal sealed class IndexLayout
{
    private readonly List<IndexFile> _files = [];

    public IndexLayout(IndexSchema schema)
    {
        Images = Collection("images", schema.EmbeddingWidth, schema.ImageFields, RowCounter.Images, RowCounter.ImageRaggedRows);
        Ids = Blob("images/id.utf8", RowCounter.Images);
        ContentHashes = Add("images/content.sha256", 32, RowCounter.Images);
        Sources = Add("images/source.i32", sizeof(int), RowCounter.Images);
        Metadata = Blob("images/metadata.json", RowCounter.Images);
        Boxes = Blob("images/boxes.f32", RowCounter.Images);
        CaptionEnds = Add("images/captions.end.i64", sizeof(long), RowCounter.Images);
        Captions = Collection("captions", schema.EmbeddingWidth, schema.CaptionFields, RowCounter.Captions, RowCounter.CaptionRaggedRows);
        CaptionImages = Add("captions/image.i64", sizeof(long), RowCounter.Captions);
        Texts = Blob("captions/text.utf8", RowCounter.Captions);
        Tombstones = Add("tombstones.i64", sizeof(long), RowCounter.Tombstones);
    }

    public IReadOnlyList<IndexFile> Files => _files;

    public CollectionFiles Images { get; }

    public CollectionFiles Captions { get; }

    public BlobFiles Ids { get; }

    public IndexFile ContentHashes { get; }

    /// <summary>For each image the number of the source that wrote it: its position in the manifest's list, from 1; 0 for none.</summary>
    public IndexFile Sources { get; }

    public BlobFiles Metadata { get; }

    public BlobFiles Boxes { get; }

    /// <summary>For each image the exclusive end slot of its captions. Its first caption is at the end of the previous image's.</summary>
    public IndexFile CaptionEnds { get; }

    public IndexFile CaptionImages { get; }

    public BlobFiles Texts { get; }

    public IndexFile Tombstones { get; }

    private static string Extension(ElementType type) => type switch
    {
        ElementType.Float32 => "f32",
        ElementType.Float16 => "f16",
        ElementType.Int64 => "i64",
        _ => type.ToName(),
    };

    private CollectionFiles Collection(string name, int width, IReadOnlyList<FieldSpec> specs, RowCounter items, RowCounter raggedRows)
    {
        var embedding = new FieldSpec("embedding", ElementType.Float32, [width], Ragged: false);
        var embeddingFile = Add($"{name}/embedding.f32", embedding.RowBytes, items);
        var fields = specs
            .Select(spec => (spec, Add($"{name}/record/{spec.Name}.{Extension(spec.Type)}", spec.RowBytes, spec.Ragged ? raggedRows : items)))
            .ToList();
        var ragged = specs.Any(spec => spec.Ragged);
        return new CollectionFiles(
            name,
            embedding,
            embeddingFile,
            fields,
            ragged ? Add($"{name}/offset.i64", sizeof(long), items) : null,
            ragged ? Add($"{name}/length.i64", sizeof(long), items) : null);
    }

    private BlobFiles Blob(string path, RowCounter items) =>
        new(Add(path, 1, RowCounter.Bytes), Add(System.IO.Path.ChangeExtension(path, ".end.i64"), sizeof(long), items));

    private IndexFile Add(string path, int rowBytes, RowCounter counter)
    {
        var file = new IndexFile(_files.Count, path, rowBytes, counter);
        _files.Add(file);
        return file;
    }
}
