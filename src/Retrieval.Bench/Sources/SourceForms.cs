using System.Globalization;
using System.IO.Compression;
using System.Runtime.InteropServices;
using Retrieval.Features.Npy;

namespace Retrieval.Bench.Sources;

/// <summary>Writes images in the forms that can be ingested: one file or folder a form, piece by piece.</summary>
internal static class SourceForms
{
    private const string Split = "test";

    /// <summary>The forms by name, each with what writes it into a folder.</summary>
    public static IReadOnlyDictionary<string, Action<string, SampleImages>> All { get; } = new Dictionary<string, Action<string, SampleImages>>(StringComparer.Ordinal)
    {
        ["split"] = WriteSplit,
        ["tsv"] = (folder, images) => WriteTsv(Path.Combine(folder, "features.tsv"), images),
        ["tsv.gz"] = (folder, images) => WriteTsv(Path.Combine(folder, "features.tsv.gz"), images),
        ["lxmert"] = WriteLxmert,
        ["header"] = WriteHeader,
        ["arrays"] = WriteArrays,
        ["hdf5"] = Hdf5Forms.WriteFixed,
        ["hdf5-adaptive"] = Hdf5Forms.WriteAdaptive,
        ["captions"] = CaptionForms.Write,
    };

    private static string Boxes(SampleImages images) => Base64(images.Boxes());

    private static string Base64(float[] values) => Convert.ToBase64String(MemoryMarshal.AsBytes(values.AsSpan()));

    private static void WriteSplit(string folder, SampleImages images)
    {
        string At(string kind) => Path.Combine(Directory.CreateDirectory(Path.Combine(folder, "split")).FullName, Split + kind);

        WriteArray(At("_ims.npy"), [images.Count, images.Regions, images.Width], images.Features);
        WriteArray(At("_boxes.npy"), [images.Count, images.Regions, 4], _ => images.Boxes());
        WriteLines(At("_caps.txt"), images, SampleImages.Captions);
        WriteLines(At("_ids.txt"), images, row => [SampleImages.Id(row)]);
        WriteLines(At("_metadata.jsonl"), images, row => [SampleImages.Metadata(row)]);

        void WriteArray(string path, long[] shape, Func<int, float[]> values)
        {
            using var file = new FileStream(path, FileMode.CreateNew, FileAccess.Write);
            file.Write(NpyWriter.Header(shape));
            for (var row = 0; row < images.Count; row++)
            {
                file.Write(MemoryMarshal.AsBytes(values(row).AsSpan()));
            }
        }
    }

    private static void WriteTsv(string path, SampleImages images) => WriteLines(
        path, images, row => [string.Create(CultureInfo.InvariantCulture, $"{SampleImages.Id(row)}\t{SampleImages.PictureWidth}\t{SampleImages.PictureHeight}\t{images.Regions}\t{Boxes(images)}\t{Base64(images.Features(row))}")]);

    private static void WriteLxmert(string folder, SampleImages images) => WriteLines(
        Path.Combine(folder, "lxmert.tsv"), images, row => [string.Create(CultureInfo.InvariantCulture, $"{SampleImages.Id(row)}\t{SampleImages.PictureHeight}\t{SampleImages.PictureWidth}\t-\t-\t-\t-\t{images.Regions}\t{Boxes(images)}\t{Base64(images.Features(row))}")]);

    private static void WriteHeader(string folder, SampleImages images) => WriteLines(
        Path.Combine(folder, "header.tsv"),
        images,
        row => [string.Create(CultureInfo.InvariantCulture, $"{images.Regions}\t{SampleImages.Id(row)}\t{Base64(images.Features(row))}")],
        "num_boxes\timage_id\tfeatures");

    private static void WriteArrays(string folder, SampleImages images)
    {
        var arrays = Directory.CreateDirectory(Path.Combine(folder, "arrays")).FullName;
        for (var row = 0; row < images.Count; row++)
        {
            using var file = new FileStream(Path.Combine(arrays, $"{SampleImages.Id(row)}.npz"), FileMode.CreateNew, FileAccess.Write);
            using var archive = new ZipArchive(file, ZipArchiveMode.Create);
            Add(archive, "x", images.Features(row), images.Regions, images.Width);
            Add(archive, "bbox", images.Boxes(), images.Regions, 4);
            Add(archive, "num_bbox", [images.Regions]);
            Add(archive, "image_w", [SampleImages.PictureWidth]);
            Add(archive, "image_h", [SampleImages.PictureHeight]);
        }

        static void Add(ZipArchive archive, string name, float[] values, params long[] shape)
        {
            using var entry = archive.CreateEntry($"{name}.npy", CompressionLevel.NoCompression).Open();
            entry.Write(NpyWriter.Header(shape));
            entry.Write(MemoryMarshal.AsBytes(values.AsSpan()));
        }
    }

    private static void WriteLines(string path, SampleImages images, Func<int, IEnumerable<string>> lines, string? head = null)
    {
        using var file = new FileStream(path, FileMode.CreateNew, FileAccess.Write);
        using Stream stream = path.EndsWith(".gz", StringComparison.Ordinal) ? new GZipStream(file, CompressionLevel.Fastest) : file;
        using var text = new StreamWriter(stream) { NewLine = "\n" };
        if (head is not null)
        {
            text.WriteLine(head);
        }

        for (var row = 0; row < images.Count; row++)
        {
            foreach (var line in lines(row))
            {
                text.WriteLine(line);
            }
        }
    }
}
