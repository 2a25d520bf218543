using System.Security.Cryptography;
using Retrieval.Storage.Local.Reading;
using Retrieval.Storage.Local.Verification;
using Retrieval.Storage.Local.Writing;
using Retrieval.Storage.Rows;
using Retrieval.TestKit.Samples;

namespace Retrieval.Storage.Tests.Local;

/// <summary>An index of a few commits, and the harm that is done to its files.</summary>
public abstract class WrittenIndexTests : IDisposable
{
    protected static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    protected IndexFolder Folder { get; } = new();

    public void Dispose()
    {
        Folder.Dispose();
        GC.SuppressFinalize(this);
    }

    protected LocalIndexWriter Writer() => LocalIndexWriter.OpenOrCreate(Folder.Index, SampleCorpus.Schema);

    /// <summary>Writes an index up to a state: made and never written, with its first rows, later, compacted, written after that.</summary>
    /// <returns>What must be in it.</returns>
    protected async Task<Dictionary<string, int>> FillAsync(string state = "later")
    {
        var expected = new Dictionary<string, int>();
        using var writer = Writer();
        if (state == "created")
        {
            return expected;
        }

        await CommitAsync(writer, expected, 0, "a", "b", "c");
        if (state == "first rows")
        {
            return expected;
        }

        await CommitAsync(writer, expected, 1, "b", "d");
        writer.Delete("a");
        expected.Remove("a");
        await CommitAsync(writer, expected, 2, "e");
        if (state == "later")
        {
            return expected;
        }

        await writer.CompactAsync(Cancellation);
        if (state == "written after a compaction")
        {
            await CommitAsync(writer, expected, 3, "f");
        }

        return expected;
    }

    /// <summary>Commits images together, as one source's.</summary>
    protected static async Task CommitAsync(LocalIndexWriter writer, Dictionary<string, int> expected, int version, params string[] ids)
    {
        var batch = SampleCorpus.Batch(ids.Select(id => (id, version)));
        writer.Append(new ImageRows { SourceKey = "one", Images = batch.Images, ImageFields = batch.ImageFields, CaptionFields = batch.CaptionFields });
        Array.ForEach(ids, id => expected[id] = version);
        await writer.CommitAsync([new SourceCheckpoint("one", $"{version}", version, 0, 0, 0, 0, false)], Cancellation);
    }

    /// <summary>Commits images, each by itself.</summary>
    protected async Task CommitAsync(params string[] ids)
    {
        using var writer = Writer();
        foreach (var id in ids)
        {
            writer.Append(SampleCorpus.Batch(id));
            await writer.CommitAsync(cancellation: Cancellation);
        }
    }

    /// <summary>Does harm to the files of the manifest.</summary>
    protected async Task LoseAsync(string loss)
    {
        foreach (var file in new[] { Folder.Manifest, Folder.ManifestCopy }.Where(File.Exists))
        {
            var whole = await File.ReadAllBytesAsync(file, Cancellation);
            switch (loss)
            {
                case "gone" or "gone and cut" when loss == "gone" || file == Folder.Manifest:
                case "copy gone" when file == Folder.ManifestCopy:
                    File.Delete(file);
                    break;
                case "cut" or "gone and cut":
                    await File.WriteAllBytesAsync(file, whole[..(whole.Length / 2)], Cancellation);
                    break;
                case "zeroed":
                    await File.WriteAllBytesAsync(file, new byte[whole.Length], Cancellation);
                    break;
                case "one bit flipped":
                    whole[whole.Length / 3] ^= 16;
                    await File.WriteAllBytesAsync(file, whole, Cancellation);
                    break;
                default:
                    break;
            }
        }
    }

    protected (long Generation, string Hash) Newest()
    {
        using var index = LocalIndex.Open(Folder.Index);
        return (index.Generation, index.ContentHash(Cancellation));
    }

    /// <summary>Files a check finds fault with.</summary>
    protected IEnumerable<string> Faults()
    {
        using var index = LocalIndex.Open(Folder.Index);
        return [.. index.Verify(Cancellation).Faults.Select(fault => fault.File)];
    }

    /// <summary>Puts bytes in the place of a file; null for none at all.</summary>
    protected static void Put(string file, byte[]? bytes)
    {
        File.Delete(file);
        if (bytes is not null)
        {
            File.WriteAllBytes(file, bytes);
        }
    }

    protected static void CopyFolder(string from, string to)
    {
        foreach (var file in Directory.GetFiles(from, "*", SearchOption.AllDirectories))
        {
            var target = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }
    }

    /// <summary>Every file with a hash of its bytes.</summary>
    protected List<string> Contents(string prefix = "") =>
        [.. Directory.GetFiles(Folder.Index, "*", SearchOption.AllDirectories)
            .Select(file => (Name: Path.GetRelativePath(Folder.Index, file), Bytes: File.ReadAllBytes(file)))
            .Where(file => file.Name != "lock" && file.Name.StartsWith(prefix, StringComparison.Ordinal))
            .Select(file => $"{file.Name} {Convert.ToHexString(SHA256.HashData(file.Bytes))}")
            .Order(StringComparer.Ordinal)];
}
