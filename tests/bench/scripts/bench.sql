-- sqlite in memory; @N@ is the number of rows.
create table t (id integer primary key, k integer, name text, v real);
insert into t with recursive c(i) as (select 1 union all select i + 1 from c where i < @N@)
    select i, i * 7919 % 1009, 'name' || (i * 104729 % 5003), i / 7.0 from c;
create index tk on t (k);
create index tn on t (name);
select count(*), sum(k), round(avg(v), 3) from t where k between 100 and 400;
select k, count(*), max(name) from t group by k having count(*) > 1 order by k limit 5;
select a.id, b.id from t a join t b on a.name = b.name and a.id < b.id order by a.id, b.id limit 10;
update t set v = v * 2 where k % 3 = 0;
delete from t where name like '%99%';
select count(*), sum(length(name)), round(sum(v), 2) from t;
select sum(x) from (select row_number() over (partition by k order by id) x from t);
