using Retrieval.Domain.Errors;
using Retrieval.Features.Sources;
using Retrieval.Search.Ingestion;
using Retrieval.Server.Contracts;

namespace Retrieval.Server.Ingestions;

/// <summary>A caller's order for an ingestion.</summary>
internal sealed record IngestionOrder
{
    public required string Path { get; init; }

    /// <summary>The split's name; null for a TSV file.</summary>
    public string? Split { get; init; }

    /// <summary>The TSV file's captions.</summary>
    public string? Captions { get; init; }

    public bool Replace { get; init; }

    public bool Restart { get; init; }

    public int? BatchRows { get; init; }

    /// <exception cref="InvalidInputException">Not exactly one kind of source, or the rows are out of range; names the member.</exception>
    public static IngestionOrder Of(IngestionRequest request)
    {
        var source = request.Source;
        var split = (source.Folder ?? source.Split) is not null;
        if (split == (source.Tsv is not null) || (split && source.Captions is not null))
        {
            throw new InvalidInputException("expected either folder and split, or tsv and, where there are any, captions", field: "source");
        }

        return new IngestionOrder
        {
            Path = (split ? source.Folder : source.Tsv) ?? throw Missing("source.folder"),
            Split = split ? source.Split ?? throw Missing("source.split") : null,
            Captions = source.Captions,
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
        if (Split is null)
        {
            var tsv = roots.Find(Path, "source.tsv");
            var captions = Captions is null ? null : roots.Find(Captions, "source.captions");
            return (Named(() => BottomUpTsvSource.Open(tsv.Real, captions?.Real, expected), "source"), SourceKeys.OfFile(tsv.Named));
        }

        var folder = roots.Find(Path, "source.folder");
        foreach (var file in Named(() => PrecomputedSplitSource.FileNames(Split), "source.split"))
        {
            SourceRoots.Check(folder, file, $"source.split: {file}");
        }

        return (Named(() => PrecomputedSplitSource.Open(folder.Real, Split, expected), "source"), SourceKeys.OfSplit(folder.Named, Split));
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
