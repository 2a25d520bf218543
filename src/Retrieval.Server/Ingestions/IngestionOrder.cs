using Retrieval.Domain.Errors;
using Retrieval.Features.Sources;
using Retrieval.Features.Tsv;
using Retrieval.Search.Ingestion;
using Retrieval.Server.Contracts;

namespace Retrieval.Server.Ingestions;

/// <summary>A caller's order for an ingestion.</summary>
internal sealed record IngestionOrder
{
    public required string Path { get; init; }

    /// <summary>Whether the source is a TSV file and not a split.</summary>
    public bool IsTsv { get; init; }

    /// <summary>The split's name; for a TSV file that of its captions, if they have splits.</summary>
    public string? Split { get; init; }

    /// <summary>The TSV file's columns; null recognises them.</summary>
    public string? Columns { get; init; }

    /// <summary>The TSV file's captions.</summary>
    public string? Captions { get; init; }

    public bool Replace { get; init; }

    public bool Restart { get; init; }

    public int? BatchRows { get; init; }

    /// <exception cref="InvalidInputException">Not exactly one kind of source, or the rows are out of range; names the member.</exception>
    public static IngestionOrder Of(IngestionRequest request)
    {
        var source = request.Source;
        var folder = source.Folder is not null || (source.Split is not null && source.Tsv is null);
        if (folder == (source.Tsv is not null) || (folder && (source.Captions ?? source.Columns) is not null))
        {
            throw new InvalidInputException("expected either folder and split, or tsv and, where there are any, captions, the split of them, and columns", field: "source");
        }

        return new IngestionOrder
        {
            Path = (folder ? source.Folder : source.Tsv) ?? throw Missing("source.folder"),
            IsTsv = !folder,
            Split = folder ? source.Split ?? throw Missing("source.split") : source.Split,
            Captions = source.Captions,
            Columns = source.Columns,
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
        if (IsTsv)
        {
            var tsv = roots.Find(Path, "source.tsv");
            var captions = Captions is null ? null : roots.Find(Captions, "source.captions");
            return (Named(() => DetectorTsvSource.Open(tsv.Real, captions?.Real, expected, Columns, Split), "source"), SourceKeys.OfFile(tsv.Named));
        }

        var folder = roots.Find(Path, "source.folder");
        foreach (var file in Named(() => PrecomputedSplitSource.FileNames(Split!), "source.split"))
        {
            SourceRoots.Check(folder, file, $"source.split: {file}");
        }

        return (Named(() => PrecomputedSplitSource.Open(folder.Real, Split!, expected), "source"), SourceKeys.OfSplit(folder.Named, Split!));
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
            var where = exception.File is null ? "" : $"{exception.File}: ";
            throw new InvalidInputException(where + exception.Reason, field: field, innerException: exception);
        }
    }
}
