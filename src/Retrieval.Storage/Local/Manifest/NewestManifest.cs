using Retrieval.Storage.Errors;
using Retrieval.Storage.Local.Files;

namespace Retrieval.Storage.Local.Manifest;

/// <summary>
/// Checks whether the manifest found is the newest one. The order of a commit's steps tells which of the two files is the newest,
/// and which one is if the other cannot be read. Files restored by hand do not follow that order, so the list of seals is checked
/// as well: it grows with each commit.
/// </summary>
internal static class NewestManifest
{
    /// <summary>
    /// For a reader: requires that the manifest matches the list of seals, and that at most one commit is sealed after it. That
    /// commit belongs to a writer that is committing or was killed.
    /// </summary>
    /// <exception cref="ManifestLostException">It does not match, or is not of the newest generation.</exception>
    public static void RequireReadable(string index, FoundManifest found) => Require(index, found, most: 1);

    /// <summary>
    /// For a writer, which cuts off what comes after the manifest. If only one file holds the manifest, nothing may be sealed
    /// after it. If both hold it, one commit may be: that of a writer killed before it had written the files.
    /// </summary>
    /// <inheritdoc cref="RequireReadable"/>
    public static void RequireWritable(string index, FoundManifest found) => Require(index, found, most: found.Alone ? 0 : 1);

    /// <summary>Number of commits sealed after the end of a generation.</summary>
    /// <exception cref="IndexCorruptException">The generation does not match the list of seals.</exception>
    public static int CommitsBehind(string folder, IndexManifest manifest)
    {
        using (var handle = SealLog.OpenExisting(folder, FileAccess.Read))
        {
            SealLog.Read(folder, handle, manifest.Seals);
        }

        var ends = manifest.Files.Select(file => file.Bytes).ToArray();
        return SealLog.Following(SealLog.ReadAll(folder).Skip((int)manifest.Seals.Count), ends).Select(seal => seal.Commit).Distinct().Count();
    }

    private static void Require(string index, FoundManifest found, int most)
    {
        int commits;
        try
        {
            commits = CommitsBehind(found.Manifest.Folder(index), found.Manifest);
        }
        catch (IndexCorruptException) when (!found.Alone && found.File != ManifestFile.CopyName)
        {
            // The manifest is known to be the newest without the seals. Code that needs the seals reports their damage.
            return;
        }
        catch (IndexCorruptException e)
        {
            throw new ManifestLostException(index, found.File, $"it is the newest manifest that can be read, and it does not fit the data: {e.File}: {e.Reason}", e);
        }

        if (commits <= most)
        {
            return;
        }

        var sealedBehind = commits == 1 ? "a later commit is sealed" : $"{commits} later commits are sealed";
        if (found.Alone)
        {
            throw new ManifestLostException(
                index, found.Faults[0].File, $"{found.Faults[0].Reason}; {found.File} can be read, generation {found.Manifest.Generation}, but {sealedBehind}");
        }

        // Not an error if a writer has committed since the manifest was read.
        if (ManifestText.Read(index, ManifestFile.Name).Found?.Manifest.Generation is not { } now || now <= found.Manifest.Generation)
        {
            throw new ManifestLostException(index, found.File, $"it is of generation {found.Manifest.Generation}, and {sealedBehind}: an older manifest replaced the newest");
        }
    }
}
