using System.Text.Json;
using Retrieval.Domain.Errors;
using Retrieval.Features.Sources;
using Retrieval.Search.Ingestion;
using Retrieval.Server.Requests;

namespace Retrieval.Server.Ingestions;

/// <summary>What a caller wants ingested.</summary>
internal sealed record IngestionOrder
{
    /// <summary>Members of the body.</summary>
    public static readonly string[] Members = ["source", "replace", "restart", "batchRows"];

    /// <summary>Members of a source.</summary>
    public static readonly string[] SourceMembers = ["folder", "split", "tsv", "captions"];

    /// <summary>Most rows encoded together.</summary>
    public const int MostBatchRows = 4096;

    public required string Path { get; init; }

    /// <summary>The split's name; null for a TSV file.</summary>
    public string? Split { get; init; }

    /// <summary>The TSV file's captions.</summary>
    public string? Captions { get; init; }

    public bool Replace { get; init; }

    public bool Restart { get; init; }

    public int? BatchRows { get; init; }

    /// <exception cref="InvalidInputException">Not such a body; names the member.</exception>
    public static IngestionOrder Read(JsonElement body)
    {
        var members = new RequestObject(body, "", Members);
        var source = new RequestObject(members.Find("source") ?? throw new InvalidInputException("is missing; expected an object", field: "source"), "source", SourceMembers);
        var split = source.Has("folder") || source.Has("split");
        if (split == source.Has("tsv") || (split && source.Has("captions")))
        {
            throw new InvalidInputException("expected either folder and split, or tsv and, where there are any, captions", field: "source");
        }

        return new IngestionOrder
        {
            Path = source.Text(split ? "folder" : "tsv"),
            Split = split ? source.Text("split") : null,
            Captions = source.OptionalText("captions"),
            Replace = members.OptionalFlag("replace") ?? false,
            Restart = members.OptionalFlag("restart") ?? false,
            BatchRows = members.OptionalInteger("batchRows", MostBatchRows),
        };
    }

    /// <summary>Opens the source, having looked where every file of it really lies.</summary>
    /// <param name="roots">Where sources may lie.</param>
    /// <param name="expected">What the model takes.</param>
    /// <returns>The source, and its key in the ledger.</returns>
    /// <exception cref="InvalidInputException">It is not there, or cannot be used.</exception>
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
