using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Retrieval.Domain.Errors;
using Retrieval.Server.Configuration;
using Retrieval.Server.Limits.Tls;
using Retrieval.Server.Tests.Hosting;

namespace Retrieval.Server.Tests.Access;

public sealed class TlsTests(ServerFixture fixture) : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_renewed_certificate_is_served_without_a_restart_and_a_torn_renewal_leaves_the_former()
    {
        using var certificates = new TestCertificates(_folder);
        await using var server = await StartAsync(certificates.Options);
        var first = await SeenAsync(server, certificates);

        // The key's file is exchanged before the certificate's.
        var key = await File.ReadAllTextAsync(certificates.Options.KeyFile, TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(certificates.Options.KeyFile, "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", TestContext.Current.CancellationToken);
        await Eventually.TrueAsync(() => server.Log.Of(1501).Any(), "the log says so");
        Assert.Equal(first, await SeenAsync(server, certificates));

        await File.WriteAllTextAsync(certificates.Options.KeyFile, key, TestContext.Current.CancellationToken);
        var second = certificates.Write(TimeProvider.System.GetUtcNow().AddDays(2));
        await Eventually.TrueAsync(async () => await SeenAsync(server, certificates) == second, "the renewed certificate is served");
        Assert.NotEqual(first, second);
    }

    [Fact]
    public async Task An_expired_certificate_is_not_started_with_and_not_taken_up()
    {
        using var certificates = new TestCertificates(_folder);
        await using (var server = await StartAsync(certificates.Options))
        {
            var first = await SeenAsync(server, certificates);
            certificates.Write(TimeProvider.System.GetUtcNow().AddDays(-1));
            await Eventually.TrueAsync(() => server.Log.Of(1501).Any(entry => entry.Message.Contains("the certificate ended on", StringComparison.Ordinal)), "the log says so");
            Assert.Equal(first, await SeenAsync(server, certificates));
        }

        var fault = Assert.Single((await Assert.ThrowsAsync<InvalidConfigurationException>(() => StartAsync(certificates.Options))).Faults);
        Assert.Contains("the certificate ended on", fault, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("secp256k1", false, "the certificate's key is ECDSA on secP256k1, which cannot be served or which clients do not accept")]
    [InlineData("brainpoolP256r1", false, "the certificate's key is ECDSA on brainpoolP256r1, which cannot be served or which clients do not accept")]
    [InlineData("RSA1024", false, "the certificate's key is RSA with 1024 bits, which cannot be served or which clients do not accept")]
    [InlineData("nistP256", true, "the certificate is not for servers")]
    public async Task A_certificate_that_no_client_accepts_is_not_started_with_and_not_taken_up(string algorithm, bool forClients, string fault)
    {
        using var certificates = new TestCertificates(_folder);
        await using (var server = await StartAsync(certificates.Options))
        {
            var first = await SeenAsync(server, certificates);
            certificates.Write(algorithm, forClients);
            await Eventually.TrueAsync(() => server.Log.Of(1501).Any(entry => entry.Message.Contains(fault, StringComparison.OrdinalIgnoreCase)), "the log says so");
            Assert.Equal(first, await SeenAsync(server, certificates));
        }

        var found = Assert.Single((await Assert.ThrowsAsync<InvalidConfigurationException>(() => StartAsync(certificates.Options))).Faults);
        Assert.Contains(fault, found, StringComparison.OrdinalIgnoreCase);
        Assert.Contains(_folder.Path, found, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_certificate_with_a_key_of_a_kind_that_cannot_be_served_is_named_as_such()
    {
        using var certificates = new TestCertificates(_folder);
        certificates.WriteEd25519();

        var fault = Assert.Single((await Assert.ThrowsAsync<InvalidConfigurationException>(() => StartAsync(certificates.Options))).Faults);

        Assert.Contains("the certificate's key is of the kind ED25519, which cannot be served", fault, StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [InlineData("nistP256")]
    [InlineData("nistP384")]
    [InlineData("nistP521")]
    [InlineData("RSA2048")]
    public async Task Certificates_of_each_kind_that_is_accepted_are_served(string algorithm)
    {
        using var certificates = new TestCertificates(_folder);
        certificates.Write(algorithm);
        await using var server = await StartAsync(certificates.Options);
        using var client = new HttpClient(new SocketsHttpHandler { SslOptions = { RemoteCertificateValidationCallback = (_, presented, _, _) => presented is not null } }) { BaseAddress = server.Address };

        Assert.Equal(HttpStatusCode.OK, (await client.AskAsync("/health/live")).StatusCode);
    }

    [Fact]
    public void A_handshake_that_fails_names_the_certificate()
    {
        using var certificates = new TestCertificates(_folder);
        certificates.Write("secp256k1");
        using var leaf = X509Certificate2.CreateFromPemFile(certificates.Options.CertificateFile, certificates.Options.KeyFile);

        var fault = Assert.Throws<InvalidInputException>(() => TrialHandshake.Run(SslStreamCertificateContext.Create(leaf, null, offline: true), SslProtocols.Tls12 | SslProtocols.Tls13, "server.pem")).Message;

        Assert.StartsWith("server.pem: a handshake with the certificate fails: ", fault, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_pipe_in_the_place_of_a_certificate_is_not_waited_for()
    {
        using var certificates = new TestCertificates(_folder);
        await using (var server = await StartAsync(certificates.Options))
        {
            var first = await SeenAsync(server, certificates);
            File.Delete(certificates.Options.CertificateFile);
            Pipe.Make(certificates.Options.CertificateFile);
            await Eventually.TrueAsync(() => server.Log.Of(1501).Any(entry => entry.Message.Contains("expected a regular file", StringComparison.Ordinal)), "the log says so");
            Assert.Equal(first, await SeenAsync(server, certificates));

            File.Delete(certificates.Options.CertificateFile);
            var second = certificates.Write(TimeProvider.System.GetUtcNow().AddDays(2));
            await Eventually.TrueAsync(async () => await SeenAsync(server, certificates) == second, "the file that is back is followed");
        }

        File.Delete(certificates.Options.KeyFile);
        Pipe.Make(certificates.Options.KeyFile);
        Assert.Contains("expected a regular file", Assert.Single((await Assert.ThrowsAsync<InvalidConfigurationException>(() => StartAsync(certificates.Options))).Faults), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Clients_need_a_certificate_of_the_authority_for_clients_where_one_is_asked_for()
    {
        using var certificates = new TestCertificates(_folder);
        using var strange = new TemporaryFolder();
        using var others = new TestCertificates(strange);
        await using var server = await StartAsync(certificates.Options with { ClientAuthoritiesFile = certificates.AuthorityFile });

        Assert.Equal(HttpStatusCode.OK, await StatusAsync(server, certificates, certificates.Client()));
        await Assert.ThrowsAsync<HttpRequestException>(() => StatusAsync(server, certificates, null));
        await Assert.ThrowsAsync<HttpRequestException>(() => StatusAsync(server, certificates, others.Client()));
        await Assert.ThrowsAsync<HttpRequestException>(() => StatusAsync(server, certificates, certificates.ForAnotherPurpose()));
        await Assert.ThrowsAsync<HttpRequestException>(() => StatusAsync(server, certificates, certificates.Client(TimeProvider.System.GetUtcNow().AddDays(-1))));
    }

    [Fact]
    public async Task What_is_no_request_is_answered_with_a_problem_under_TLS_too()
    {
        using var certificates = new TestCertificates(_folder);
        await using var server = await StartAsync(certificates.Options);
        using var socket = new TcpClient();
        await socket.ConnectAsync(server.Address.Host, server.Address.Port, TestContext.Current.CancellationToken);
        await using var tls = new SslStream(socket.GetStream());
        await tls.AuthenticateAsClientAsync(certificates.TrustingOptions(), TestContext.Current.CancellationToken);

        await tls.WriteAsync(Encoding.ASCII.GetBytes("NONSENSE\r\n\r\n"), TestContext.Current.CancellationToken);

        using var reader = new StreamReader(tls);
        var answer = await reader.ReadToEndAsync(TestContext.Current.CancellationToken);
        Assert.StartsWith("HTTP/1.1 400", answer, StringComparison.Ordinal);
        Assert.Contains("application/problem+json", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Plain_text_on_a_port_of_TLS_gets_no_answer_and_the_server_goes_on()
    {
        using var certificates = new TestCertificates(_folder);
        await using var server = await StartAsync(certificates.Options);

        await Assert.ThrowsAnyAsync<Exception>(async () =>
        {
            var answer = await server.RawAsync("GET /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
            Assert.StartsWith("HTTP/1.1 200", answer, StringComparison.Ordinal);
        });
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(server, certificates, null));
    }

    [Theory]
    [InlineData("Http:Urls holds 'https://127.0.0.1:1' and Tls:CertificateFile is not set", "--urls=https://127.0.0.1:1")]
    [InlineData("Tls:CertificateFile is '/nowhere'; there is no such file", "--urls=https://127.0.0.1:1", "--Tls:CertificateFile=/nowhere")]
    [InlineData("Tls:CertificateFile is set and no address of Http:Urls begins with https", "--Tls:CertificateFile=/etc/hostname")]
    public void Settings_that_do_not_fit_are_faults(string fault, params string[] arguments) =>
        Assert.Contains(fault, Assert.Single(Assert.Throws<InvalidConfigurationException>(() => ServerConfiguration.Read(["--bundle", "b", "--index", "i", .. arguments])).Faults), StringComparison.Ordinal);

    [Theory]
    [InlineData("nothing", null, "holds no certificate in PEM")]
    [InlineData("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", null, "a certificate in it cannot be read")]
    [InlineData(null, "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n", "not the private key of the certificate")]
    [InlineData(null, "", "not the private key of the certificate")]
    public async Task Files_that_are_not_what_they_have_to_be_are_named(string? certificate, string? key, string fault)
    {
        using var certificates = new TestCertificates(_folder);
        if (certificate is not null)
        {
            _folder.Write("server.pem", certificate);
        }

        if (key is not null)
        {
            _folder.Write("server.key", key);
        }

        var found = Assert.Single((await Assert.ThrowsAsync<InvalidConfigurationException>(() => StartAsync(certificates.Options))).Faults);
        Assert.Contains(fault, found, StringComparison.Ordinal);
        Assert.Contains(_folder.Path, found, StringComparison.Ordinal);
    }

    private static async Task<string> SeenAsync(RunningServer server, TestCertificates certificates)
    {
        var serial = "";
        using var client = new HttpClient(certificates.Trusting(seen: certificate => serial = certificate.SerialNumber)) { BaseAddress = server.Address };
        Assert.Equal(HttpStatusCode.OK, (await client.AskAsync("/health/live")).StatusCode);
        return serial;
    }

    private static async Task<HttpStatusCode> StatusAsync(RunningServer server, TestCertificates certificates, X509Certificate2? own)
    {
        using var client = new HttpClient(certificates.Trusting(own)) { BaseAddress = server.Address };
        return (await client.AskAsync("/health/live")).StatusCode;
    }

    private Task<RunningServer> StartAsync(TlsOptions tls)
    {
        var options = RunningServer.Options(Repository.Bundle, fixture.Index);
        return RunningServer.StartAsync(options with { Http = options.Http with { Urls = "https://127.0.0.1:0" }, Tls = tls });
    }
}
