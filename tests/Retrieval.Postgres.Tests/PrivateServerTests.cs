using Npgsql;
using Retrieval.Postgres.TestKit;

namespace Retrieval.Postgres.Tests;

public sealed class PrivateServerTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_killed_server_comes_back_on_its_port_with_what_was_committed()
    {
        await using var server = await PrivateServer.StartAsync(cancellationToken: Cancellation);
        await using var database = await server.CreateDatabaseAsync(Cancellation);
        await Sql.ExecuteAsync(database.OwnerConnectionString, "create table things as select generate_series(1, 1000) as id");
        await using (var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(database.OwnerConnectionString) { Pooling = false }.ConnectionString))
        {
            await connection.OpenAsync(Cancellation);
            await using var command = new NpgsqlCommand("begin; insert into things select generate_series(1, 1000)", connection);
            await command.ExecuteNonQueryAsync(Cancellation);
            await server.KillAsync(Cancellation);
        }

        await Assert.ThrowsAnyAsync<NpgsqlException>(() => Sql.ExecuteAsync(server.ConnectionString, "select 1"));
        await server.StartAgainAsync(Cancellation);
        Assert.Equal(1000L, await Sql.AskAsync(database.OwnerConnectionString, "select count(*) from things"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_stopped_server_starts_again(bool immediate)
    {
        await using var server = await PrivateServer.StartAsync(cancellationToken: Cancellation);
        await Sql.ExecuteAsync(server.ConnectionString, "create table things as select 7 as id");
        await server.StopAsync(immediate, Cancellation);
        await Assert.ThrowsAnyAsync<NpgsqlException>(() => Sql.ExecuteAsync(server.ConnectionString, "select 1"));
        await server.StartAgainAsync(Cancellation);
        Assert.Equal(7, await Sql.AskAsync(server.ConnectionString, "select id from things"));
    }

    [Fact]
    public async Task A_frozen_server_answers_nothing_until_it_thaws()
    {
        await using var server = await PrivateServer.StartAsync(cancellationToken: Cancellation);
        var impatient = new NpgsqlConnectionStringBuilder(server.ConnectionString) { Pooling = false, Timeout = 2 }.ConnectionString;
        await using var connection = new NpgsqlConnection(impatient);
        await connection.OpenAsync(Cancellation);
        await server.FreezeAsync(Cancellation);
        await using (var stranger = new NpgsqlConnection(impatient))
        {
            await Assert.ThrowsAnyAsync<NpgsqlException>(() => stranger.OpenAsync(Cancellation));
        }

        await using var command = new NpgsqlCommand("select 3", connection);
        var answer = command.ExecuteScalarAsync(Cancellation);
        Assert.False(answer.IsCompleted);
        await server.ThawAsync(Cancellation);
        Assert.Equal(3, await answer);
    }

    [Fact]
    public async Task A_frozen_server_can_be_killed_and_started_again()
    {
        await using var server = await PrivateServer.StartAsync(cancellationToken: Cancellation);
        await server.FreezeAsync(Cancellation);
        await server.KillAsync(Cancellation);
        await server.StartAgainAsync(Cancellation);
        Assert.Equal(1, await Sql.AskAsync(server.ConnectionString, "select 1"));
    }

    [Fact]
    public async Task Connections_are_terminated_and_the_server_stays()
    {
        await using var server = await PrivateServer.StartAsync(cancellationToken: Cancellation);
        await using var connection = await OpenAsync(server);
        Assert.Equal(1, await server.TerminateBackendsAsync(Cancellation));
        await using var command = new NpgsqlCommand("select 1", connection);
        var error = await Assert.ThrowsAnyAsync<NpgsqlException>(() => command.ExecuteScalarAsync(Cancellation));
        Assert.True(error is not PostgresException { SqlState: not PostgresErrorCodes.AdminShutdown }, error.ToString());
        Assert.Equal(1, await Sql.AskAsync(server.ConnectionString, "select 1"));
    }

    [Fact]
    public async Task A_crashed_backend_takes_the_others_with_it_and_the_server_recovers_by_itself()
    {
        await using var server = await PrivateServer.StartAsync(cancellationToken: Cancellation);
        await using var victim = await OpenAsync(server);
        await using var other = await OpenAsync(server);
        await server.CrashAsync(victim.ProcessID, Cancellation);
        await using var command = new NpgsqlCommand("select pg_sleep(60)", other);
        await Assert.ThrowsAnyAsync<NpgsqlException>(() => command.ExecuteScalarAsync(Cancellation));
        Assert.Equal(1, await AskUntilItAnswersAsync(server.ConnectionString));
    }

    [Fact]
    public async Task A_full_disk_is_an_error_of_the_statement_and_goes_with_its_cause()
    {
        await using var server = await PrivateServer.StartAsync(new PrivateServerOptions { DataOnSmallDisk = 64 }, Cancellation);
        await using var database = await server.CreateDatabaseAsync(Cancellation);
        await Sql.ExecuteAsync(database.OwnerConnectionString, "create table things (text text)");
        const string insert = "insert into things select md5(i::text) from generate_series(1, 100000) i";
        await server.FillDiskAsync(leave: 1 << 20, Cancellation);
        var error = await Assert.ThrowsAsync<PostgresException>(() => Sql.ExecuteAsync(database.OwnerConnectionString, insert));
        Assert.Equal(PostgresErrorCodes.DiskFull, error.SqlState);
        Assert.Equal(0L, await Sql.AskAsync(database.OwnerConnectionString, "select count(*) from things"));
        server.ClearDisk();
        await Sql.ExecuteAsync(database.OwnerConnectionString, insert);
        Assert.Equal(100000L, await Sql.AskAsync(database.OwnerConnectionString, "select count(*) from things"));
    }

    [Fact]
    public async Task Settings_hold_and_are_kept_from_start_to_start()
    {
        var options = new PrivateServerOptions { Settings = new Dictionary<string, string> { ["max_connections"] = "17", ["log_line_prefix"] = "it's %p " } };
        await using var server = await PrivateServer.StartAsync(options, Cancellation);
        await server.KillAsync(Cancellation);
        await server.StartAgainAsync(Cancellation);
        Assert.Equal("17", await Sql.AskAsync(server.ConnectionString, "show max_connections"));
        Assert.Equal("it's %p ", await Sql.AskAsync(server.ConnectionString, "show log_line_prefix"));
        Assert.Equal("on", await Sql.AskAsync(server.ConnectionString, "show fsync"));
    }

    private static async Task<NpgsqlConnection> OpenAsync(PrivateServer server)
    {
        var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(server.ConnectionString) { Pooling = false }.ConnectionString);
        await connection.OpenAsync(Cancellation);
        return connection;
    }

    // While it recovers a server turns connections away, with an error of its own or by closing them.
    private static async Task<object?> AskUntilItAnswersAsync(string connectionString)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        limit.CancelAfter(TimeSpan.FromSeconds(60));
        while (true)
        {
            try
            {
                return await Sql.AskAsync(connectionString, "select 1");
            }
            catch (NpgsqlException) when (!limit.IsCancellationRequested)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(50), limit.Token);
            }
        }
    }
}
