using System.CommandLine;
using System.Text.Json.Serialization;
using Retrieval.Cli.Commands.Postgres;
using Retrieval.Cli.Output;
using Retrieval.Domain.Errors;
using Retrieval.Storage.Local;
using Retrieval.Storage.Local.Reading;
using Retrieval.Storage.Local.Writing;
using Retrieval.Terminal.Commands;
using Retrieval.Terminal.Input;
using Retrieval.Terminal.Output;

namespace Retrieval.Cli.Commands;

/// <summary><c>retrieval index delete</c>: deletes images and their captions from an index, all in one commit.</summary>
internal static class IndexDeleteCommand
{
    private const int UnknownNamed = 10;

    public static CliCommand Create()
    {
        var index = CommonOptions.Index();
        index.Required = false;
        var postgres = new PostgresOptions();
        var name = CatalogIndexOption.Create();
        var ids = new Argument<string[]>("ID") { Description = "Ids of the images; after --, ids may begin with a dash", Arity = ArgumentArity.ZeroOrMore };
        var file = new Option<string?>("--ids") { Description = "A file with an id a line, in UTF-8, besides those given here", HelpName = "FILE" };
        var json = CommonOptions.Json();
        var command = new CliCommand(
            "delete",
            "Delete images and their captions, all in one commit, or in a catalog one after the other. Ids that are not there are named, the others deleted all the same, and it ends with 1. 'index compact' gives the room back; 'ingest --restart' brings an image back from its source.")
        {
            Arguments = { ids },
            Options = { index, name, file, json },
            Examples =
            [
                "retrieval index delete --index index test-000017 test-000042",
                "retrieval index delete --index index --ids unwanted.txt --json",
                "retrieval index delete --postgres postgresql://ingest@db/retrieval test-000017",
            ],
        };
        postgres.AddTo(command);
        postgres.RequireThisOr(command, index);
        command.Validators.Add(result =>
        {
            if (result.GetValue(ids) is null or [] && result.GetValue(file) is null)
            {
                result.AddError("name what to delete: ID…, or --ids FILE");
            }
        });
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var given = new HashSet<string>(parsed.GetValue(ids) ?? [], StringComparer.Ordinal);
            if (parsed.GetValue(file) is { } list)
            {
                given.UnionWith(await ReadAsync(list, cancellationToken).ConfigureAwait(false));
            }

            var result = postgres.Given(parsed, index)
                ? await CatalogDeletion.RunAsync(postgres.Open(parsed), parsed.GetValue(name), given, cancellationToken).ConfigureAwait(false)
                : await DeleteAsync(parsed.GetRequiredValue(index), given, cancellationToken).ConfigureAwait(false);
            return Show(result, given.Count, parsed.GetValue(json));
        });
        return command;
    }

    private static int Show(Deletion result, int asked, bool json)
    {
        Printer.Write(result, json, console => console.Write(Tables.Facts(
            result.Index,
            ("deleted", $"{Units.Counted(result.Deleted, "image")}, {Units.Counted(result.CaptionsDeleted, "caption")}"),
            ("unknown ids", Units.Count(result.Unknown.Count)),
            ("left", Units.Counted(result.Images, "image")),
            (result.Catalog ? "epoch" : "generation", Units.Count(result.Generation)))));
        if (result.Unknown.Count == 0)
        {
            return ExitCodes.Ok;
        }

        var more = result.Unknown.Count > UnknownNamed ? $" and {Units.Count(result.Unknown.Count - UnknownNamed)} more" : "";
        Failures.Say($"{Units.Count(result.Unknown.Count)} of {Units.Count(asked)} ids are not in index {result.Index}: {string.Join(", ", result.Unknown.Take(UnknownNamed))}{more}");
        return ExitCodes.Failed;
    }

    private static async Task<Deletion> DeleteAsync(string path, HashSet<string> ids, CancellationToken cancellationToken)
    {
        using var writer = LocalIndexWriter.OpenOrCreate(path, SchemaOf(path));
        var before = Captions(path);
        var unknown = new List<string>();
        foreach (var id in ids)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (!writer.Delete(id))
            {
                unknown.Add(id);
            }
        }

        var generation = await writer.CommitAsync(cancellation: cancellationToken).ConfigureAwait(false);
        return new Deletion(path, generation, ids.Count - unknown.Count, before - Captions(path), writer.Count, unknown);
    }

    // If the index does not exist, that is an error here; it is not created.
    private static IndexSchema SchemaOf(string path)
    {
        using var index = LocalIndex.Open(path);
        return index.Schema;
    }

    private static long Captions(string path)
    {
        using var index = LocalIndex.Open(path);
        return index.Captions.Count;
    }

    private static async Task<List<string>> ReadAsync(string path, CancellationToken cancellationToken)
    {
        var ids = new List<string>();
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read);
        var lines = new Utf8Lines(stream, Path.GetFileName(path));
        while (await lines.FillAsync(cancellationToken).ConfigureAwait(false))
        {
            while (lines.TryRead(out var line))
            {
                if (line.Length > 0)
                {
                    ids.Add(line);
                }
            }
        }

        return ids.Count > 0 ? ids : throw new InvalidInputException("no ids; expected one a line", Path.GetFileName(path));
    }

}

/// <summary>What was deleted.</summary>
/// <param name="Index">The index's folder, or the catalog and the index's name.</param>
/// <param name="Generation">The index's generation, or its epoch in the catalog.</param>
/// <param name="Deleted">Number of deleted images.</param>
/// <param name="CaptionsDeleted">Number of their captions.</param>
/// <param name="Images">Number of remaining images.</param>
/// <param name="Unknown">Ids that do not exist in the index.</param>
internal sealed record Deletion(string Index, long Generation, int Deleted, long CaptionsDeleted, long Images, IReadOnlyList<string> Unknown)
{
    /// <summary>Whether it is an index of a catalog.</summary>
    [JsonIgnore]
    public bool Catalog { get; init; }
}
