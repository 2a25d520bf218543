using Retrieval.Storage.Errors;
using Retrieval.Storage.Local.Files;

namespace Retrieval.Storage.Local.Manifest;

/// <summary>
/// Tells whether the manifest that was found is the newest one. The order of a commit's steps says which of the two files is
/// the newest, and which one is where the other cannot be read. Whoever puts files back by hand keeps no order, so the list
/// of seals is asked, too: it grows with each commit.
/// </summary>
internal static class NewestManifest
{
    /// <summary>
    /// For a reader: requires that the manifest fits the list of seals, and that no more than one commit is sealed behind it. One
    /// may be: of a writer that is in the midst of it, or was killed.
    /// </summary>
    /// <exception cref="ManifestLostException">It does not fit, or is not of the newest generation.</exception>
    public static void RequireReadable(string index, FoundManifest found) => Require(index, found, most: 1);

    /// <summary>
    /// For a writer, which would cut off what lies behind: if the manifest is alone, nothing may be sealed there; if both files
    /// hold it, one commit, of a writer that was killed before it had written them.
    /// </summary>
    /// <inheritdoc cref="RequireReadable"/>
    public static void RequireWritable(string index, FoundManifest found) => Require(index, found, most: found.Alone ? 0 : 1);

    /// <summary>Commits that are sealed behind the end of a generation.</summary>
    /// <exception cref="IndexCorruptException">The generation does not fit the list of seals.</exception>
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
            // The manifest is known for the newest without the seals. That they are damaged is told by whoever needs them.
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

        // Unless a writer has committed since the manifest was read.
        if (ManifestText.Read(index, ManifestFile.Name).Found?.Manifest.Generation is not { } now || now <= found.Manifest.Generation)
        {
            throw new ManifestLostException(index, found.File, $"it is of generation {found.Manifest.Generation}, and {sealedBehind}: an older manifest replaced the newest");
        }
    }
}
