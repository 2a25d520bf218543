using System.IO.Compression;
using Retrieval.Features.Npy;

namespace Retrieval.Inference.Tests;

/// <summary>Replaces arrays inside a <c>.npz</c> file.</summary>
internal static class NpzBytes
{
    public static byte[] WithSingles(byte[] npz, string array, Func<float[], float[]> edit, long[]? shape = null) =>
        With(npz, array, (path, old) =>
        {
            var elements = edit(old.ToSingles());
            NpyWriter.Write(path, elements, (shape ?? [.. old.Shape]).AsSpan());
        });

    public static byte[] WithInt64s(byte[] npz, string array, Func<long[], long[]> edit, long[]? shape = null) =>
        With(npz, array, (path, old) =>
        {
            var elements = edit(old.ToInt64s());
            NpyWriter.Write(path, elements, (shape ?? [.. old.Shape]).AsSpan());
        });

    public static byte[] Without(byte[] npz, string array) => Rewrite(npz, zip => zip.GetEntry(array + ".npy")!.Delete());

    private static byte[] With(byte[] npz, string array, Action<string, NpyArray> write)
    {
        var path = Path.GetTempFileName();
        try
        {
            using (var old = NpzFile.Open(new MemoryStream(npz), "parity.npz"))
            {
                write(path, old.Read(array));
            }

            return Rewrite(npz, zip =>
            {
                zip.GetEntry(array + ".npy")!.Delete();
                using var entry = zip.CreateEntry(array + ".npy").Open();
                entry.Write(File.ReadAllBytes(path));
            });
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static byte[] Rewrite(byte[] npz, Action<ZipArchive> edit)
    {
        using var stream = new MemoryStream();
        stream.Write(npz);
        using (var zip = new ZipArchive(stream, ZipArchiveMode.Update, leaveOpen: true))
        {
            edit(zip);
        }

        return stream.ToArray();
    }
}
