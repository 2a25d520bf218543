using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Text;
using PureHDF;
using PureHDF.Filters;
using Retrieval.Features.Sources;
using Retrieval.Features.Tests.Npy;
using Retrieval.Features.Tests.Sources;

namespace Retrieval.Features.Tests.Fuzzing;

/// <summary>Whole files of one source, of which each case damages one.</summary>
public sealed class FuzzFiles
{
    private readonly string _folder;
    private readonly (string Name, byte[] Bytes)[] _files;

    private FuzzFiles(string folder, params (string Name, byte[] Bytes)[] files)
    {
        (_folder, _files) = (folder, files);
        Directory.CreateDirectory(Path.Combine(folder, "arrays"));
    }

    /// <summary>What the readers are told to expect: two regions of three features.</summary>
    public static FeatureExpectation Expected { get; } = new() { RegionCount = 2, RegionWidth = 3 };

    private static string Lines => string.Join('\n', Enumerable.Range(0, 4).Select(i => TsvFixture.Line($"image-{i}.jpg", 2, i, 3)));

    /// <summary>Writes the files, one of them damaged.</summary>
    public void Write(Random random)
    {
        var damaged = random.Next(_files.Length);
        for (var i = 0; i < _files.Length; i++)
        {
            File.WriteAllBytes(Path.Combine(_folder, _files[i].Name), i == damaged ? Mutation.Of(_files[i].Bytes, random) : _files[i].Bytes);
        }
    }

    public static IEnumerable<FuzzFiles> Tsvs(string folder)
    {
        var bytes = Encoding.UTF8.GetBytes(Lines);
        yield return new FuzzFiles(folder, ("a.tsv", bytes));
        yield return new FuzzFiles(folder, ("a.tsv", Gzip(bytes)));
        yield return new FuzzFiles(folder, ("a.tsv", Encoding.UTF8.GetBytes($"id\tw\th\tnum_boxes\tboxes\tfeatures\r\n{Lines}\r\n")));
    }

    public static IEnumerable<FuzzFiles> Captions(string folder)
    {
        string[] texts =
        [
            """{"image-0.jpg": ["a cube", "a star"], "image-1": "a cone", "image-2.jpg": [], "image-3.jpg": ["a \"ball\""]}""",
            """{"images": [{"id": 1, "file_name": "image-0.jpg"}, {"id": 2, "file_name": "image-1.jpg"}], "annotations": [{"image_id": 1, "caption": "a cube"}, {"image_id": 2, "caption": "a star"}]}""",
            """{"images": [{"filename": "image-0.jpg", "split": "test", "cocoid": 5, "sentences": [{"raw": "a cube"}, {"raw": "a star"}]}, {"filename": "image-1.jpg", "split": "val", "sentences": []}]}""",
            "image-0.jpg\ta cube\nimage-1.jpg\ta star\n\nimage-2.jpg\ta cone\n",
            "image-0.jpg#0\ta cube\nimage-0.jpg#1\ta star\nimage-1.jpg#0\ta cone\n",
            "image,caption\nimage-0.jpg,\"a cube, red\"\nimage-1.jpg,a star\n",
            "image_name| comment_number| comment\nimage-0.jpg| 0| a cube\nimage-1.jpg| 0| a star\n",
        ];
        var whole = Encoding.UTF8.GetBytes(Lines);
        return texts.Select(Encoding.UTF8.GetBytes).Append(Gzip(Encoding.UTF8.GetBytes(texts[0]))).Select(bytes => new FuzzFiles(folder, ("whole.tsv", whole), ("captions", bytes)));
    }

    public static IEnumerable<FuzzFiles> Splits(string folder)
    {
        var numbers = Enumerable.Range(0, 4 * 2 * 3).Select(i => (float)i).ToArray();
        foreach (var type in new[] { "<f4", "<f2", "<f8" })
        {
            var size = type[^1] - '0';
            var bytes = new byte[numbers.Length * size];
            MemoryMarshal.AsBytes(numbers.AsSpan())[..Math.Min(bytes.Length, numbers.Length * 4)].CopyTo(bytes);
            yield return new FuzzFiles(
                folder,
                ("s_ims.npy", Npy(type, "(4, 2, 3)", bytes)),
                ("s_boxes.npy", Npy("<f4", "(4, 2, 4)", new byte[4 * 2 * 4 * 4])),
                ("s_caps.txt", Encoding.UTF8.GetBytes("a cube\na star\na cone\na ball\na red cube\na red star\na red cone\na red ball\n")),
                ("s_ids.txt", "a\nb\nc\nd\n"u8.ToArray()),
                ("s_metadata.jsonl", Encoding.UTF8.GetBytes("""
                    {"year": 2024, "album": "a"}
                    {"public": true, "none": null}
                    {}
                    {"x": -1.5e3}

                    """)));
        }
    }

    public static IEnumerable<FuzzFiles> Arrays(string folder)
    {
        var features = Npy("<f4", "(2, 3)", new byte[24]);
        foreach (var level in new[] { CompressionLevel.NoCompression, CompressionLevel.Optimal })
        {
            yield return new FuzzFiles(
                folder,
                ("arrays/a.npz", Npz(level, ("x", features), ("bbox", Npy("<f4", "(2, 4)", new byte[32])), ("num_bbox", Npy("<i8", "()", BitConverter.GetBytes(2L))), ("image_w", Npy("<i4", "()", BitConverter.GetBytes(640))))),
                ("arrays/b.npy", features));
        }
    }

    public static IEnumerable<FuzzFiles> Hdf5s(string folder)
    {
        H5File Whole(object features) => new()
        {
            ["features"] = features,
            ["boxes"] = new float[4, 2, 4],
            ["ids"] = new[] { "a", "b", "c", "d" },
            ["num_boxes"] = new[] { 2, 2, 2, 2 },
            ["image_w"] = new[] { 1, 2, 3, 4 },
            ["image_h"] = new[] { 1, 2, 3, 4 },
        };

        yield return Of(Whole(new H5Dataset(new float[4, 2, 3])));
        yield return Of(Whole(new H5Dataset(new float[4, 2, 3], chunks: [1, 2, 2], datasetCreation: new(Filters: [ShuffleFilter.Id, DeflateFilter.Id]))));
        yield return Of(new H5File { ["image_features"] = new H5Dataset(new double[8, 3], chunks: [3, 3]), ["image_bb"] = new float[8, 4], ["pos_boxes"] = new[,] { { 0, 2 }, { 2, 4 }, { 4, 6 }, { 6, 8 } }, Attributes = new() { ["ids"] = new[] { 1, 2, 3, 4 } } });
        foreach (var fixture in new[] { "h5py-small.h5", "h5py-small-latest.h5" })
        {
            yield return new FuzzFiles(folder, ("a.h5", File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "Fixtures", fixture))));
        }

        FuzzFiles Of(H5File file)
        {
            using var bytes = new MemoryStream();
            file.Write(bytes);
            return new FuzzFiles(folder, ("a.h5", bytes.ToArray()));
        }
    }

    private static byte[] Npy(string type, string shape, byte[] data) => NpyBytes.Of($"{{'descr': '{type}', 'fortran_order': False, 'shape': {shape}, }}\n", data);

    private static byte[] Gzip(byte[] bytes)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Optimal, leaveOpen: true))
        {
            gzip.Write(bytes);
        }

        return packed.ToArray();
    }

    private static byte[] Npz(CompressionLevel level, params (string Name, byte[] Array)[] arrays)
    {
        using var bytes = new MemoryStream();
        using (var archive = new ZipArchive(bytes, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var (name, array) in arrays)
            {
                using var entry = archive.CreateEntry($"{name}.npy", level).Open();
                entry.Write(array);
            }
        }

        return bytes.ToArray();
    }
}
