using System.Globalization;
using Npgsql;

namespace Retrieval.Postgres.TestKit;

/// <summary>
/// A server of one test's own, to stop, kill, freeze and fill. It keeps its port from start to start. It goes with its data
/// when disposed; should this process be killed before, with the next call of <c>eng/postgres.sh</c>.
/// </summary>
public sealed class PrivateServer : IAsyncDisposable
{
    private readonly Dictionary<string, string> environment;
    private string? ballast;

    private PrivateServer(string name, Dictionary<string, string> environment, string connectionString)
    {
        Name = name;
        this.environment = environment;
        ConnectionString = connectionString;
    }

    /// <summary>The instance's name for <c>eng/postgres.sh</c>.</summary>
    public string Name { get; }

    /// <summary>Connects as superuser to the database <c>postgres</c>; the same for the life of this server.</summary>
    public string ConnectionString { get; }

    /// <summary>The port on 127.0.0.1.</summary>
    public int Port => new NpgsqlConnectionStringBuilder(ConnectionString).Port;

    /// <summary>Makes and starts a server. Where that cannot be done the running test is skipped; in CI it fails.</summary>
    public static Task<PrivateServer> StartAsync(PrivateServerOptions? options = null, CancellationToken cancellationToken = default) =>
        PostgresUnavailableException.SkipIfThrown(() => MakeAsync(options ?? new PrivateServerOptions(), cancellationToken));

    /// <summary>A fresh database on this server.</summary>
    public Task<TestDatabase> CreateDatabaseAsync(CancellationToken cancellationToken = default) =>
        TestDatabase.CreateAsync(ConnectionString, cancellationToken);

    /// <summary>Starts it again after a stop or kill, on the same port with the same data, and waits until it has recovered and answers.</summary>
    public async Task StartAgainAsync(CancellationToken cancellationToken = default)
    {
        var now = await PostgresScript.RunAsync(["up", Name], environment, cancellationToken);
        if (now != ConnectionString)
        {
            throw new PostgresUnavailableException($"{Name} had to take another port than {Port}, which somebody else has taken");
        }
    }

    /// <summary>Stops it: fast breaks connections off and writes a checkpoint, immediate leaves the work to recovery.</summary>
    public Task StopAsync(bool immediate = false, CancellationToken cancellationToken = default) =>
        PostgresScript.RunAsync(immediate ? ["down", Name, "--immediate"] : ["down", Name], null, cancellationToken);

    /// <summary>SIGKILL to the postmaster and all its processes; when this returns, none is left.</summary>
    public Task KillAsync(CancellationToken cancellationToken = default) => PostgresScript.RunAsync(["kill", Name], null, cancellationToken);

    /// <summary>SIGSTOP to all its processes: connections stay open, new ones are accepted by the kernel, and nothing answers.</summary>
    public Task FreezeAsync(CancellationToken cancellationToken = default) => PostgresScript.RunAsync(["freeze", Name], null, cancellationToken);

    /// <summary>SIGCONT to all its processes.</summary>
    public Task ThawAsync(CancellationToken cancellationToken = default) => PostgresScript.RunAsync(["thaw", Name], null, cancellationToken);

    /// <summary>SIGKILL to one process, such as the backend of a connection (<see cref="NpgsqlConnection.ProcessID"/>): the server breaks off all others and recovers by itself.</summary>
    public Task CrashAsync(int processId, CancellationToken cancellationToken = default) =>
        PostgresScript.RunAsync(["crash", Name, processId.ToString(CultureInfo.InvariantCulture)], null, cancellationToken);

    /// <summary>Breaks off all connections of clients, as an administrator does; their number.</summary>
    public async Task<int> TerminateBackendsAsync(CancellationToken cancellationToken = default)
    {
        await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(ConnectionString) { Pooling = false }.ConnectionString);
        await connection.OpenAsync(cancellationToken);
        await using var command = new NpgsqlCommand(
            "select count(*) filter (where pg_terminate_backend(pid))::int from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()", connection);
        return (int)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    /// <summary>Fills the small disk but for so many bytes.</summary>
    public async Task FillDiskAsync(long leave = 0, CancellationToken cancellationToken = default)
    {
        if (!environment.ContainsKey("POSTGRES_DISK_MB"))
        {
            throw new InvalidOperationException($"only a disk of {nameof(PrivateServerOptions.DataOnSmallDisk)} may be filled");
        }

        var folder = await PostgresScript.RunAsync(["disk", Name], null, cancellationToken);
        ballast = Path.Combine(folder, "ballast");
        var free = new DriveInfo(folder).AvailableFreeSpace;
        await using var file = new FileStream(ballast, FileMode.Append);
        var block = new byte[64 << 10];
        for (var left = free - leave; left > 0; left -= block.Length)
        {
            await file.WriteAsync(block.AsMemory(0, (int)Math.Min(left, block.Length)), cancellationToken);
        }
    }

    /// <summary>Undoes <see cref="FillDiskAsync"/>.</summary>
    public void ClearDisk()
    {
        if (ballast is not null)
        {
            File.Delete(ballast);
        }
    }

    /// <summary>Kills it, if it still runs, and removes its data.</summary>
    public async ValueTask DisposeAsync()
    {
        await using (var connection = new NpgsqlConnection(ConnectionString))
        {
            NpgsqlConnection.ClearPool(connection);
        }

        await PostgresScript.RunAsync(["down", Name, "--immediate", "--purge"]);
    }

    private static async Task<PrivateServer> MakeAsync(PrivateServerOptions options, CancellationToken cancellationToken)
    {
        if (options.DataOnSmallDisk is not null && Environment.UserName != "root")
        {
            throw new PostgresUnavailableException("a small disk needs root");
        }

        var name = $"t-{Guid.NewGuid():N}"[..18];
        var environment = new Dictionary<string, string>
        {
            ["POSTGRES_OWNER"] = Environment.ProcessId.ToString(CultureInfo.InvariantCulture),
            ["POSTGRES_OPTIONS"] = string.Join(' ', options.Settings.Select(setting => $"-c {setting.Key}={Quote(setting.Value)}")),
        };
        if (options.DataOnSmallDisk is { } megabytes)
        {
            environment["POSTGRES_DISK_MB"] = megabytes.ToString(CultureInfo.InvariantCulture);
            environment["POSTGRES_WAL_APART"] = options.LogOnSmallDisk ? "0" : "1";
        }

        try
        {
            return new PrivateServer(name, environment, await PostgresScript.RunAsync(["up", name], environment, cancellationToken));
        }
        catch
        {
            await PostgresScript.RunAsync(["down", name, "--immediate", "--purge"], null, CancellationToken.None);
            throw;
        }
    }

    // For the shell by which pg_ctl starts the server.
    private static string Quote(string value) => $"'{value.Replace("'", "'\\''", StringComparison.Ordinal)}'";
}
