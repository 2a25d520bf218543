using Retrieval.Domain.Errors;
using Retrieval.Features.Arrays;
using Retrieval.Features.Hdf5;
using Retrieval.Features.MetadataFiles;
using Retrieval.Features.Sources;
using Retrieval.Features.Tsv;
using Retrieval.Search.Ingestion;
using Retrieval.Server.Contracts;

namespace Retrieval.Server.Ingestions;

/// <summary>A caller's order for an ingestion.</summary>
internal sealed record IngestionOrder
{
    /// <summary>Where the images come from, as the caller says it: exactly one place, and what goes with it.</summary>
    public required IngestionSourceRequest Source { get; init; }

    /// <summary>What the caller calls the source.</summary>
    public string Name => Source.Folder is { } folder ? $"{folder}#{Source.Split}" : Source.Tsv ?? Source.Arrays ?? Source.Hdf5!;

    public bool Replace { get; init; }

    public bool Restart { get; init; }

    public int? BatchRows { get; init; }

    /// <exception cref="InvalidInputException">Not exactly one kind of source, or the rows are out of range; names the member.</exception>
    public static IngestionOrder Of(IngestionRequest request)
    {
        var source = request.Source;
        var others = new[] { source.Tsv, source.Arrays, source.Hdf5 }.Count(place => place is not null);
        var folder = source.Folder is not null || (source.Split is not null && others == 0);
        if (others + (folder ? 1 : 0) != 1 || (folder && source.Captions is not null) || (source.Columns is not null && source.Tsv is null) || (source.Datasets is not null && source.Hdf5 is null))
        {
            throw new InvalidInputException("expected folder and split; or one of tsv, arrays and hdf5, where there are any with captions and the split of them; columns goes with tsv, datasets with hdf5", field: "source");
        }

        if (folder && (source.Folder is null || source.Split is null))
        {
            throw Missing(source.Folder is null ? "source.folder" : "source.split");
        }

        return new IngestionOrder
        {
            Source = source,
            Replace = request.Replace ?? false,
            Restart = request.Restart ?? false,
            BatchRows = request.BatchRows is { } rows ? IngestionRequest.BatchRowsBound.Check(rows, "batchRows") : null,
        };
    }

    /// <summary>Opens the source, after checking where each of its files is really located.</summary>
    /// <param name="roots">Folders that may contain sources.</param>
    /// <param name="expected">What the model takes.</param>
    /// <returns>The source, and the key of its checkpoint.</returns>
    /// <exception cref="InvalidInputException">It does not exist, or cannot be used.</exception>
    /// <exception cref="Errors.ForbiddenException">A link leads out of the roots.</exception>
    public (IFeatureSource Source, string Key) Open(SourceRoots roots, FeatureExpectation expected)
    {
        var (split, datasets) = (Source.Split, Source.Datasets);
        var metadata = Source.Metadata is null ? null : roots.Find(Source.Metadata, "source.metadata").Real;
        IFeatureSource Opened(Func<IFeatureSource> open) => Named(() => MetadataSource.Over(open, metadata), "source");

        if (Source.Folder is { } path)
        {
            var folder = roots.Find(path, "source.folder");
            RequireWithin(folder, Named(() => PrecomputedSplitSource.FileNames(split!), "source.split"), "source.split");
            return (Opened(() => PrecomputedSplitSource.Open(folder.Real, split!, expected)), SourceKeys.OfSplit(folder.Named, split!));
        }

        var captions = Source.Captions is null ? null : roots.Find(Source.Captions, "source.captions").Real;
        if (Source.Arrays is { } arrays)
        {
            var folder = roots.Find(arrays, "source.arrays");
            RequireWithin(folder, Named(() => ArrayFolderSource.FileNames(folder.Real), "source.arrays"), "source.arrays");
            return (Opened(() => ArrayFolderSource.Open(folder.Real, captions, expected, split)), SourceKeys.OfFile(folder.Named));
        }

        var file = Source.Tsv is null ? roots.Find(Source.Hdf5!, "source.hdf5") : roots.Find(Source.Tsv, "source.tsv");
        return (
            Opened(() => Source.Tsv is null ? Hdf5Source.Open(file.Real, captions, expected, datasets, split) : DetectorTsvSource.Open(file.Real, captions, expected, Source.Columns, split)),
            SourceKeys.OfFile(file.Named));
    }

    private static void RequireWithin(SourcePath folder, IEnumerable<string> files, string field)
    {
        foreach (var file in files)
        {
            SourceRoots.Check(folder, file, $"{field}: {file}");
        }
    }

    private static InvalidInputException Missing(string field) => new("is missing; expected a text", field: field);

    private static T Named<T>(Func<T> open, string field)
    {
        try
        {
            return open();
        }
        catch (InvalidInputException exception)
        {
            // The file, and what of it: the order's own member takes the place of the latter.
            throw new InvalidInputException(exception.Message, field: field, innerException: exception);
        }
    }
}
