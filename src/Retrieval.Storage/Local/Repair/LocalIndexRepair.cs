using Retrieval.Storage.Errors;
using Retrieval.Storage.Local.Files;
using Retrieval.Storage.Local.Manifest;
using Retrieval.Storage.Local.Reading;
using Retrieval.Storage.Local.Verification;
using Retrieval.Storage.Local.Writing;

namespace Retrieval.Storage.Local.Repair;

/// <summary>
/// Repairs an index whose manifest is damaged or lost. It writes the newest readable manifest to both files. If the newest one
/// cannot be determined, it rebuilds the manifest from the sealed ranges. Data are first compared with their checksums; if any
/// are damaged, nothing is changed. What is not needed is set aside, never deleted.
/// </summary>
public sealed class LocalIndexRepair
{
    private readonly string _path;
    private readonly IndexSchema? _schema;
    private readonly bool _dryRun;
    private readonly SetAside _aside;
    private readonly CancellationToken _cancellation;
    private readonly List<string> _found = [];
    private readonly List<string> _done = [];

    private LocalIndexRepair(string path, IndexSchema? schema, bool dryRun, TimeProvider time, CancellationToken cancellation)
    {
        _path = path;
        _schema = schema;
        _dryRun = dryRun;
        _aside = new SetAside(path, time.GetUtcNow());
        _cancellation = cancellation;
    }

    /// <summary>Repairs the index. The caller must not hold a writer of it, since this takes the writer's lock.</summary>
    /// <param name="path">The index's folder.</param>
    /// <param name="schema">What the index stores, needed where nothing in the index says so any more. Otherwise the two must
    /// agree.</param>
    /// <param name="dryRun">Whether to change nothing and only report what would be done.</param>
    /// <param name="time">Gives the name of the folder for what is set aside.</param>
    /// <param name="cancellation">Observed until the first change.</param>
    /// <exception cref="IndexMissingException">There is neither an index nor any remains of one.</exception>
    /// <exception cref="IndexLockedException">A writer holds the index.</exception>
    /// <exception cref="IndexMismatchException">Its schema differs from <paramref name="schema"/>, or its format is unknown.</exception>
    /// <exception cref="IndexWriteException">It cannot be written.</exception>
    public static RepairReport Run(string path, IndexSchema? schema = null, bool dryRun = false, TimeProvider? time = null, CancellationToken cancellation = default)
    {
        path = Path.GetFullPath(path);
        if (!Directory.Exists(path) || (!LeftManifests.In(path).Any() && DataFolders.FirstFileWithData(path) is null))
        {
            throw new IndexMissingException(path);
        }

        try
        {
            using var held = WriterLock.Take(path);
            return new LocalIndexRepair(path, schema, dryRun, time ?? TimeProvider.System, cancellation).Run();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new IndexWriteException(path, 0, DiskFile.IsFull(e), e);
        }
    }

    private RepairReport Run()
    {
        try
        {
            if (ManifestFile.Read(_path) is { } newest)
            {
                NewestManifest.RequireWritable(_path, newest);
                return Keep(newest);
            }
        }
        catch (IndexCorruptException e)
        {
            _found.Add($"the newest generation cannot be told: {e.File}: {(e as ManifestLostException)?.Finding ?? e.Reason}");
        }

        return Rebuild(LeftManifests.Read(_path));
    }

    // The newest manifest is known and is to be in both files.
    private RepairReport Keep(FoundManifest newest)
    {
        _schema?.Match(_path, newest.Manifest.Schema);
        _found.Add($"{newest.File} is whole, generation {newest.Manifest.Generation}");
        _found.AddRange(newest.Faults.Select(fault => fault.ToString()));
        return Check(newest.Manifest, out var index) is { } damaged
            ? Refuse(damaged)
            : Finish(newest.Manifest, index!, () =>
            {
                if (!newest.Twice)
                {
                    foreach (var fault in newest.Faults.Where(fault => File.Exists(Path.Combine(_path, fault.File))))
                    {
                        Do($"keep {fault.File} in {_aside.Name}", () => _aside.Keep(fault.File));
                    }

                    Do($"write generation {newest.Manifest.Generation} to both {ManifestFile.Name} and {ManifestFile.CopyName}", () => ManifestFile.Heal(_path, newest));
                }
            });
    }

    private RepairReport Rebuild(LeftManifests left)
    {
        _found.AddRange(left.Whole.Select(found => $"{found.File} can be read, generation {found.Manifest.Generation}"));
        var lost = new LostManifest(_path, _schema, left, _found.Add);
        if (lost.ChooseFolder() is not { } folder)
        {
            return Refuse([]);
        }

        var states = folder.States(out var fault);
        if (states.Count == 0)
        {
            _found.Add($"data-{folder.Epoch}: {fault}");
            return Refuse([]);
        }

        for (var place = 0; place < states.Count; place++)
        {
            var state = states[place];
            var (manifest, last) = lost.Rebuild(folder, state);
            var damaged = Check(manifest, out var index);

            // After a kill in the middle of a commit, some ranges are sealed and others are not: for example captions without
            // their images, or images without the tombstones of those they replace.
            if (damaged is null && LiveIds.Of(index!).Count == index!.Images.Count)
            {
                return Rebuilt(folder, state, manifest, index, last);
            }

            index?.Dispose();
            if (damaged is not null && (place + 1 == states.Count || !folder.IsAsSealed(_path, state, states[place + 1], _cancellation)))
            {
                return Refuse(damaged);
            }

            _found.Add($"data-{folder.Epoch}: {(state.Commit > 0 ? $"commit {state.Commit}" : "the last commit")} is not sealed to its end, so it never was one");
        }

        _found.Add($"data-{folder.Epoch}: no state of it has each image once");
        return Refuse([]);
    }

    private RepairReport Rebuilt(SealedFolder folder, SealedState state, IndexManifest manifest, LocalIndex index, IndexManifest? last)
    {
        var dataFolder = $"data-{folder.Epoch}";
        _found.Add($"{dataFolder}: {state.Seals.Count} sealed ranges{(state.Commit > 0 ? $", the last of commit {state.Commit}" : "")}, all as they were sealed: {index.Images.Count} live images, {index.Captions.Count} captions");
        if (state.SealsBehind > 0)
        {
            _found.Add($"{dataFolder}: {state.SealsBehind} later sealed ranges belong to a commit that was not completed");
        }

        ReportCheckpoints(manifest, last);
        var tails = Tails(dataFolder, manifest);
        _found.AddRange(tails.Select(tail => $"{dataFolder}/{tail.File}: {tail.Bytes} bytes after the last sealed range, of a commit that was not completed"));
        return Finish(manifest, index, () =>
        {
            foreach (var name in LeftManifests.In(_path))
            {
                Do($"keep {name} in {_aside.Name}", () => _aside.Keep(name));
            }

            foreach (var (file, from, bytes) in tails)
            {
                Do($"keep those {bytes} bytes of {dataFolder}/{file} in {_aside.Name}", () => _aside.KeepTail(dataFolder, file, from));
            }

            _aside.Sync();
            Do($"write {ManifestFile.Name} and {ManifestFile.CopyName} anew: generation {manifest.Generation}", () => ManifestFile.Replace(_path, manifest));
        });
    }

    // Writes, and sets aside what is unaccounted for.
    private RepairReport Finish(IndexManifest manifest, LocalIndex index, Action write)
    {
        using (index)
        {
            var hash = index.ContentHash(_cancellation);
            _cancellation.ThrowIfCancellationRequested();
            write();
            var origin = DataOrigin.Of(manifest);
            if (!origin.IsIn(manifest.Folder(_path)))
            {
                Do($"write data-{manifest.SlotEpoch}/{DataOrigin.FileName} anew", () => origin.Write(manifest.Folder(_path)));
            }

            foreach (var epoch in DataFolders.Unknown(_path, manifest))
            {
                _found.Add($"data-{epoch}: no manifest accounts for it");
                Do($"set data-{epoch} aside in {_aside.Name}", () => _aside.Move($"data-{epoch}"));
            }

            if (!_dryRun)
            {
                DataFolders.Unmark(manifest.Folder(_path));
                _aside.Sync();
            }

            return new RepairReport(true, manifest.Generation, index.Images.Count, index.Captions.Count, hash, _found, _done, []);
        }
    }

    private void Do(string what, Action action)
    {
        if (!_dryRun)
        {
            action();
        }

        _done.Add(what);
    }

    private RepairReport Refuse(IReadOnlyList<IndexFault> damaged) => new(false, null, 0, 0, null, _found, [], damaged);

    // Null if all bytes are as sealed and the index is open.
    private IReadOnlyList<IndexFault>? Check(IndexManifest manifest, out LocalIndex? index)
    {
        index = null;
        try
        {
            index = LocalIndex.Open(_path, new FoundManifest(manifest));
            var faults = new IndexVerifier(index).Run(_cancellation).Faults;
            if (faults.Count == 0)
            {
                return null;
            }

            index.Dispose();
            return faults;
        }
        catch (IndexCorruptException e)
        {
            index?.Dispose();
            return [new IndexFault(e.File, 0, 0, 0, 0, e.Reason)];
        }
    }

    private void ReportCheckpoints(IndexManifest manifest, IndexManifest? last)
    {
        if (last is not null)
        {
            _found.Add($"the progress of ingestions is that of generation {last.Generation}: what was read of a source since is read again, and skipped where it is unchanged");
        }
        else if (manifest.Rows.Images > 0)
        {
            _found.Add("the progress of ingestions is lost: an ingestion reads its source again from the beginning, skips images that are unchanged, and brings back those that were deleted by hand");
        }
    }

    private List<(string File, long From, long Bytes)> Tails(string dataFolder, IndexManifest manifest)
    {
        var ends = manifest.Files.Append(new FileLength(SealLog.FileName, manifest.Seals.Count * Seal.Bytes));
        return [.. ends
            .Select(file => (file.Path, file.Bytes, new FileInfo(Path.Combine(_path, dataFolder, file.Path)).Length - file.Bytes))
            .Where(tail => tail.Item3 > 0)];
    }
}
