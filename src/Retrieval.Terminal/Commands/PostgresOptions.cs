using System.CommandLine;
using System.CommandLine.Parsing;
using Retrieval.Storage.Postgres.Connecting;

namespace Retrieval.Terminal.Commands;

/// <summary>
/// The options that name a catalog in Postgres. Anything missing from the command line comes from the environment variables that
/// the server also reads, so that a password need not be visible to every process of the machine.
/// </summary>
public sealed class PostgresOptions
{
    /// <summary>Environment variable of the connection.</summary>
    public const string ConnectionVariable = "RETRIEVAL__POSTGRES__CONNECTIONSTRING";
    private const string PasswordFileVariable = "RETRIEVAL__POSTGRES__PASSWORDFILE";

    /// <summary>Whether the environment names a catalog.</summary>
    public static bool InEnvironment => ConnectionOf(null) is not null;

    /// <summary><c>--postgres</c>.</summary>
    public Option<string?> Connection { get; } = new("--postgres")
    {
        Description = $"The catalog: Host=…;Database=…;Username=… or postgresql://user@host:port/database; the environment's {ConnectionVariable} if not given",
        HelpName = "CONNECTION",
    };

    /// <summary><c>--postgres-password-file</c>.</summary>
    public Option<string?> PasswordFile { get; } = new("--postgres-password-file") { Description = $"File with the password; the environment's {PasswordFileVariable} if not given", HelpName = "FILE" };

    /// <summary>Adds both options to a command, after its existing ones.</summary>
    public void AddTo(Command command)
    {
        command.Options.Add(Connection);
        command.Options.Add(PasswordFile);
    }

    /// <summary>Requires a catalog.</summary>
    public void Require(Command command) => command.Validators.Add(result =>
    {
        if (ConnectionOf(result.GetValue(Connection)) is null)
        {
            result.AddError($"--postgres is missing, and {ConnectionVariable} is not set");
        }
    });

    /// <summary>Requires exactly one of a local index and a catalog.</summary>
    public void RequireThisOr(Command command, Option<string> folder, Func<CommandResult, bool>? neither = null) => command.Validators.Add(result =>
    {
        if (result.GetValue(folder) is not null && result.GetValue(Connection) is not null)
        {
            result.AddError($"{folder.Name} and --postgres exclude each other");
        }
        else if (result.GetValue(folder) is null && ConnectionOf(result.GetValue(Connection)) is null && neither?.Invoke(result) != true)
        {
            result.AddError($"name one: {folder.Name} DIR, or --postgres CONNECTION");
        }
    });

    /// <summary>Whether the command is for a catalog: a folder on the command line takes precedence over the environment.</summary>
    public bool Given(ParseResult parsed, Option<string>? folder = null) => Given(parsed.CommandResult, folder);

    /// <inheritdoc cref="Given(ParseResult, Option{string}?)"/>
    public bool Given(CommandResult result, Option<string>? folder = null) =>
        result.GetValue(Connection) is not null || (folder is null || result.GetValue(folder) is null) && ConnectionOf(null) is not null;

    /// <summary>The named catalog; does not connect yet.</summary>
    public Catalog Open(ParseResult parsed) => new(new CatalogOptions
    {
        ConnectionString = ConnectionOf(parsed.GetValue(Connection))!,
        PasswordFile = parsed.GetValue(PasswordFile) ?? Variable(PasswordFileVariable),
    });

    private static string? ConnectionOf(string? given) => given ?? Variable(ConnectionVariable);

    private static string? Variable(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;
}
