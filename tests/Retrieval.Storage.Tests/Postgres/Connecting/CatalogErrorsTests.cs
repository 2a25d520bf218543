using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Npgsql;
using Retrieval.Storage.Postgres.Connecting;
using Retrieval.Storage.Postgres.Indexes;
using Retrieval.Storage.Postgres.Writing;
using Retrieval.TestKit.Samples;

namespace Retrieval.Storage.Tests.Postgres.Connecting;

public sealed class CatalogErrorsTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("08006")]
    [InlineData("57P01")]
    [InlineData("57P03")]
    [InlineData("57P05")]
    [InlineData("25P03")]
    [InlineData("53300")]
    [InlineData("57014")]
    [InlineData("25006")]
    [InlineData("53200")]
    public void What_passes_by_itself_is_an_outage(string state)
    {
        var told = CatalogErrors.Translate("looking", new PostgresException("so it is", "ERROR", "ERROR", state));
        Assert.Contains("looking: Postgres does not answer", Assert.IsType<CatalogUnavailableException>(told).Message, StringComparison.Ordinal);
        Assert.Contains("so it is", told.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("53100", CatalogFault.DiskFull, "no room left")]
    [InlineData("42501", CatalogFault.Forbidden, "may not do this")]
    [InlineData("42P01", CatalogFault.Schema, "retrieval index migrate")]
    [InlineData("55P03", CatalogFault.Busy, "timed out waiting for a lock")]
    [InlineData("40P01", CatalogFault.Busy, "timed out waiting for a lock")]
    [InlineData("40001", CatalogFault.Busy, "timed out waiting for a lock")]
    [InlineData("58030", CatalogFault.Other, "its own files")]
    [InlineData("28P01", CatalogFault.Other, "SQLSTATE 28P01")]
    [InlineData("22000", CatalogFault.Other, "SQLSTATE 22000")]
    public void What_does_not_pass_is_told_as_what_it_is(string state, CatalogFault fault, string told)
    {
        var refused = Assert.IsType<CatalogException>(CatalogErrors.Translate("looking", new PostgresException("so it is", "ERROR", "ERROR", state)));
        Assert.Equal(fault, refused.Fault);
        Assert.Contains(told, refused.Message, StringComparison.Ordinal);
        Assert.Contains("so it is", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_ingestion_that_meets_a_server_that_may_not_be_written_to_goes_on_when_another_takes_its_place()
    {
        await using var catalog = await SampleCatalog.CreateAsync();
        var met = new TaskCompletionSource<Exception>();
        var retry = new CatalogRetry { For = TimeSpan.FromSeconds(30), FirstDelay = TimeSpan.FromMilliseconds(10), Failed = (exception, _, _) => met.TrySetResult(exception) };
        await using var run = await CatalogIngestion.BeginAsync(catalog.Catalog, catalog.Index, new IngestionClaim(SampleSource.Key, "1", 20, "test"), retry, Cancellation);
        await using var images = new CatalogImageWriter(catalog.Catalog, catalog.Index, retry);
        await images.PutAsync(SampleSource.Rows([("one", 1)], null), Cancellation);
        await catalog.ExecuteAsync($"alter role {catalog.Database.Owner.Name} set default_transaction_read_only = on");
        await catalog.ExecuteAsync("select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'retrieval writer%' and datname = current_database()");
        var stored = run.StoreAsync(SampleSource.Batch(0, 20), Cancellation);
        var put = images.PutAsync(SampleSource.Rows([("two", 1)], null), Cancellation);
        while (!(await Failing(met)).Message.Contains("read-only", StringComparison.Ordinal))
        {
            met = new TaskCompletionSource<Exception>();
        }

        await catalog.ExecuteAsync($"alter role {catalog.Database.Owner.Name} reset default_transaction_read_only");
        Assert.Equal([2L, 3L], new[] { (await stored).Epoch, await put }.Order());
        await CatalogAssert.HoldsAsync(catalog, new Dictionary<string, int>(SampleSource.StateAfter(20)) { ["one"] = 1, ["two"] = 1 });
    }

    [Fact]
    public async Task A_client_certificate_that_does_not_fit_while_it_is_exchanged_is_an_outage()
    {
        using var folder = new IndexFolder();
        var (certificate, key) = (Path.Combine(folder.Path, "client.pem"), Path.Combine(folder.Path, "client.key"));
        await File.WriteAllTextAsync(certificate, "half of a", Cancellation);
        await File.WriteAllTextAsync(key, "half of a", Cancellation);

        // A server that speaks TLS; the driver reads the files before the handshake.
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var answering = Task.Run(async () =>
        {
            using var client = await listener.AcceptTcpClientAsync(Cancellation);
            await client.GetStream().ReadExactlyAsync(new byte[8], Cancellation);
            await client.GetStream().WriteAsync("S"u8.ToArray(), Cancellation);
            await client.GetStream().CopyToAsync(Stream.Null, Cancellation);
        }, Cancellation);
        await using (var catalog = new Catalog(new CatalogOptions
        {
            ConnectionString = $"Host=127.0.0.1;Port={((IPEndPoint)listener.LocalEndpoint).Port};Username=u;Password=p;SSL Mode=Require;Gss Encryption Mode=Disable;SSL Certificate={certificate};SSL Key={key}",
        }))
        {
            var away = await Assert.ThrowsAsync<CatalogUnavailableException>(() => catalog.UseAsync("looking", (_, _) => Task.FromResult(true), Cancellation));
            Assert.Contains("a certificate or key of the connection cannot be used", away.Message, StringComparison.Ordinal);
        }

        await Record.ExceptionAsync(() => answering);
    }

    [Fact]
    public async Task A_password_that_is_being_changed_is_waited_for_if_it_comes_from_a_file()
    {
        await using var database = await SampleCatalog.CreateAsync();
        using var folder = new IndexFolder();
        var file = Path.Combine(folder.Path, "password");
        await File.WriteAllTextAsync(file, "the one before\n", Cancellation);
        var text = database.Database.Owner.ConnectionStringWithoutPassword;
        await using var catalog = new Catalog(new CatalogOptions { ConnectionString = text, PasswordFile = file });
        var refused = await Assert.ThrowsAsync<CatalogUnavailableException>(() => CatalogIndexes.ListAsync(catalog, Cancellation));
        Assert.Contains($"the password in {file} is not the role's", refused.Message, StringComparison.Ordinal);
        Assert.True(refused.SignInRefused);
        Assert.DoesNotContain("does not answer", refused.Message, StringComparison.Ordinal);
        await File.WriteAllTextAsync(file, "\n", Cancellation);
        await using var empty = new Catalog(new CatalogOptions { ConnectionString = text, PasswordFile = file });
        await RefusedAsync(empty, $"it asks for a password, and {file} is empty");
        await using var none = new Catalog(new CatalogOptions { ConnectionString = text });
        await RefusedAsync(none, "it asks for a password, and none is configured");
        var retry = new CatalogRetry { For = TimeSpan.FromSeconds(30), FirstDelay = TimeSpan.FromMilliseconds(10), Failed = (_, _, _) => File.WriteAllText(file, database.Database.Owner.Password) };
        await using (var images = new CatalogImageWriter(catalog, database.Index, retry))
        {
            Assert.Equal(1, await images.PutAsync(SampleSource.Rows([("one", 1)], null), Cancellation));
        }

        await using var fixedOne = SampleCatalog.Open(new NpgsqlConnectionStringBuilder(text) { Password = "wrong" }.ConnectionString);
        var wrong = await Assert.ThrowsAsync<CatalogException>(() => CatalogIndexes.ListAsync(fixedOne, Cancellation));
        Assert.Equal(CatalogFault.Other, wrong.Fault);
        Assert.Contains("refuses the sign-in", wrong.Message, StringComparison.Ordinal);
    }

    private static async Task RefusedAsync(Catalog catalog, string told)
    {
        var refused = await Assert.ThrowsAsync<CatalogUnavailableException>(() => CatalogIndexes.ListAsync(catalog, Cancellation));
        Assert.True(refused.SignInRefused);
        Assert.Contains($"Postgres refuses the sign-in: {told}", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null)]
    [InlineData(7)]
    public async Task Every_connection_asks_the_kernel_to_notice_a_server_that_is_gone(int? given)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "/proc/net/tcp is Linux's");
        await using var database = await SampleCatalog.CreateAsync();
        await using var proxy = new CuttingProxy(new NpgsqlConnectionStringBuilder(database.Database.OwnerConnectionString).Port);
        var text = new NpgsqlConnectionStringBuilder(database.Database.OwnerConnectionString) { Host = "127.0.0.1", Port = proxy.Port }.ConnectionString;
        await using var far = SampleCatalog.Open(given is null ? text : $"{text};Tcp Keepalive Time={given}");
        await using var own = await far.OpenAsync(Cancellation);
        await far.UseAsync("looking", async (_, cancellation) =>
        {
            // Timer 02: keepalive, with the time left.
            var port = proxy.Port.ToString("X4", CultureInfo.InvariantCulture);
            var lines = (await File.ReadAllLinesAsync("/proc/net/tcp", cancellation)).Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
                .Where(fields => fields[2].EndsWith($":{port}", StringComparison.Ordinal) && fields[3] == "01").ToList();
            Assert.Equal(2, lines.Count);
            Assert.All(lines, fields => Assert.StartsWith("02:", fields[5], StringComparison.Ordinal));
            Assert.All(lines, fields => Assert.InRange(Convert.ToInt64(fields[5].Split(':')[1], 16), 0, (given ?? 15) * 100));
            return lines.Count;
        }, Cancellation);
    }

    private static Task<Exception> Failing(TaskCompletionSource<Exception> met) => met.Task.WaitAsync(TimeSpan.FromSeconds(30), TimeProvider.System, Cancellation);
}
