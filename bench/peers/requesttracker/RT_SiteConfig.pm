# What differs from the defaults: the instance, its database, its index.
Set($rtname, 'bench.example');
Set($Organization, 'bench.example');
Set($CorrespondAddress, 'rt@bench.example');
Set($CommentAddress, 'rt-comment@bench.example');
Set($WebDomain, '127.0.0.1');
Set($WebPort, @PORT@);
Set($WebBaseURL, 'http://@ADDRESS@');
Set($WebPath, '');
Set($Timezone, 'UTC');

Set($DatabaseType, 'Pg');
Set($DatabaseHost, '127.0.0.1');
Set($DatabasePort, '@DATABASE_PORT@');
Set($DatabaseName, '@DATABASE@');
Set($DatabaseUser, 'postgres');
Set($DatabasePassword, '');
Set($DatabaseAdmin, 'postgres');

# As rt-setup-fulltext-index tells to.
Set(%FullTextSearch, Enable => 1, Indexed => 1, Table => 'AttachmentsIndex', Column => 'ContentIndex');

# Mail is made and recorded, and handed to nobody.
Set($MailCommand, sub { return 1 });

Set($LogToSyslog, undef);
Set($LogToSTDERR, 'error');
Set(@MasonParameters, (data_dir => '@DIR@/mason'));
1;
