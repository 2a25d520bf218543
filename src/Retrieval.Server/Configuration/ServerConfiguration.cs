using System.Text.Json;
using Microsoft.Extensions.Configuration;

namespace Retrieval.Server.Configuration;

/// <summary>
/// Reads the options. Later sources win: the file named by <c>--config</c>, the environment (<c>RETRIEVAL__HTTP__URLS</c>),
/// the command line (<c>--Http:Urls=…</c>, or one of the short names).
/// </summary>
public static class ServerConfiguration
{
    /// <summary>Prefix of every environment variable that is read.</summary>
    public const string EnvironmentPrefix = "RETRIEVAL__";

    private const string ConfigSwitch = "config";

    /// <summary>Short names of options on the command line, and the keys they stand for.</summary>
    public static IReadOnlyDictionary<string, string> ShortNames { get; } = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase)
    {
        ["--bundle"] = "Snapshot:Bundle",
        ["--index"] = "Snapshot:Index",
        ["--also"] = "Snapshot:Also",
        ["--postgres"] = "Postgres:ConnectionString",
        ["--postgres-password-file"] = "Postgres:PasswordFile",
        ["--urls"] = "Http:Urls",
        ["--key-file"] = "Access:KeyFile",
        ["--threads"] = "Inference:Threads",
        ["--log-level"] = "Logging:Level",
        ["--log-format"] = "Logging:Format",
    };

    /// <summary>Reads and validates the options.</summary>
    /// <param name="args">The command line: <c>--key value</c> or <c>--key=value</c>.</param>
    /// <exception cref="InvalidConfigurationException">There are faults; all of them are listed.</exception>
    public static ServerOptions Read(IReadOnlyList<string> args)
    {
        ArgumentNullException.ThrowIfNull(args);
        var faults = new List<string>();
        CommandLineFaults.Find(args, faults);
        var commandLine = new ConfigurationBuilder().AddCommandLine([.. args], ShortNames.ToDictionary()).Build();
        var builder = new ConfigurationBuilder();
        if (commandLine[ConfigSwitch] is { } file)
        {
            AddFile(builder, file, faults);
        }

        builder.AddEnvironmentVariables(EnvironmentPrefix);
        builder.AddConfiguration(commandLine);
        return Bind(builder.Build(), faults);
    }

    internal static ServerOptions Bind(IConfiguration configuration, List<string> faults)
    {
        KeyFaults.Find(configuration, typeof(ServerOptions), faults, ConfigSwitch);
        if (faults.Count > 0)
        {
            // Values that cannot be converted cannot be bound; the others are checked nevertheless.
            configuration = KeyFaults.Sound(configuration, typeof(ServerOptions));
        }

        var options = configuration.Get<ServerOptions>() ?? new ServerOptions();
        ServerOptionsValidator.Validate(options, faults);
        return faults.Count == 0 ? options : throw new InvalidConfigurationException(faults);
    }

    private static void AddFile(ConfigurationBuilder builder, string file, List<string> faults)
    {
        try
        {
            var content = new MemoryStream(File.ReadAllBytes(file), writable: false);
            builder.AddConfiguration(new ConfigurationBuilder().AddJsonStream(content).Build());
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            faults.Add($"--config: {file} cannot be read: {exception.Message}");
        }
        catch (Exception exception) when (exception is FormatException or InvalidDataException or JsonException)
        {
            faults.Add($"--config: {file} is not a JSON object: {exception.InnerException?.Message ?? exception.Message}");
        }
    }
}
